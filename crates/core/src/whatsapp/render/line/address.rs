//! Where a text has addresses: of pages, of mailboxes, and names such as `@loja` and `#dia_das_mães`.
//!
//! Only as much as keeps their underscores and stars from being taken for emphasis; whether an address
//! exists or is well formed does not matter.

use std::ops::Range;

/// Beginnings of an address of a page.
const SCHEMES: [&str; 3] = ["https://", "http://", "www."];

/// What ends a word here, besides white space.
const ENDS: [char; 8] = ['<', '>', '"', '`', '[', ']', '|', '…'];

/// What stands behind an address and does not belong to it.
const BEHIND: [char; 9] = ['.', ',', ';', ':', '!', '?', '\'', '”', '’'];

/// What Markdown may have around it.
const MARKUP: [char; 3] = ['*', '_', '~'];

/// Byte ranges of the addresses in `text`, in order; `markup` says that it is Markdown, where a star at
/// the end of an address is not its own. One in parentheses has them with it.
pub fn addresses(text: &str, markup: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split_inclusive(|c: char| c.is_whitespace() || ENDS.contains(&c)) {
        if let Some(range) = address(word, markup) {
            found.push(at + range.start..at + range.end);
        }
        at += word.len();
    }
    found
}

fn address(word: &str, markup: bool) -> Option<Range<usize>> {
    let word = word.trim_end_matches(|c: char| c.is_whitespace() || ENDS.contains(&c));
    // Most words are neither.
    if !word.contains(['@', '#', '/', '.']) {
        return None;
    }
    let start = start(word, markup)?;
    let mut end = start + balanced(&word[start..]).len();
    loop {
        let rest = word[start..end].trim_end_matches(BEHIND);
        let rest = if markup { rest.trim_end_matches(MARKUP) } else { rest };
        if start + rest.len() == end {
            break;
        }
        end = start + rest.len();
    }
    if end == start {
        return None;
    }
    let enclosed = word[..start].ends_with('(') && word[end..].starts_with(')');
    Some(if enclosed { start - 1..end + 1 } else { start..end })
}

fn start(word: &str, markup: bool) -> Option<usize> {
    if let Some(start) = SCHEMES.iter().filter_map(|scheme| word.find(scheme)).min() {
        return Some(start);
    }
    let before = |c: char| "(,.;:!?'“‘".contains(c) || (markup && MARKUP.contains(&c));
    let start = word.len() - word.trim_start_matches(before).len();
    let rest = &word[start..];
    if rest.starts_with('#') && rest.contains('_') {
        return Some(start);
    }
    if let Some(sign) = rest.find('@') {
        // Not a lone sign, as in "5 kg @ R$ 10", and not the end of a word.
        return rest[sign + 1..].starts_with(|c: char| c.is_alphanumeric() || c == '_').then_some(start);
    }
    let (host, _) = rest.split_once('/')?;
    let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    (plain && host.contains('.')).then_some(start)
}

/// `text` up to a closing parenthesis that was not opened in it.
fn balanced(text: &str) -> &str {
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return &text[..at],
            ')' => open -= 1,
            _ => {}
        }
    }
    text
}
