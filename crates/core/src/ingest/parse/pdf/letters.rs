//! What has to be mended in the letters of a run: ligatures, symbols, letters set apart, soft hyphens.
//!
//! Only what is peculiar to PDF; everything else about characters is the normaliser's.

/// Bullets of the usual symbol fonts, which have no letters of their own.
const BULLETS: [char; 4] = ['\u{f0b7}', '\u{f0a7}', '\u{f076}', '\u{f0d8}'];

/// Whether only its font knows what a letter means.
pub(super) fn is_private(letter: char) -> bool {
    matches!(letter, '\u{e000}'..='\u{f8ff}') && !BULLETS.contains(&letter)
}

/// "C A R D Á P I O": letters set apart for show are put together again. Spaces between words are
/// wider than those between letters.
pub(super) fn close_up(text: &str, gaps: &[(usize, f32)]) -> Option<String> {
    let single = |word: &str| word.chars().count() == 1 && word.chars().all(char::is_alphanumeric);
    if gaps.len() < 3 || !text.split(' ').all(single) {
        return None;
    }
    let mut widths: Vec<f32> = gaps.iter().map(|(_, width)| *width).collect();
    widths.sort_by(f32::total_cmp);
    let usual = widths[widths.len() / 2];
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let is_wide = || gaps.iter().any(|(place, width)| *place == at && *width > usual * 1.6);
        if c != ' ' || is_wide() {
            out.push(c);
        }
    }
    Some(out)
}

/// Ligatures are taken apart, soft hyphens are hyphens at a line's end, symbol fonts' bullets are
/// bullets.
pub(super) fn push_letter(text: &mut String, letter: char) {
    match letter {
        'ﬀ' => text.push_str("ff"),
        'ﬁ' => text.push_str("fi"),
        'ﬂ' => text.push_str("fl"),
        'ﬃ' => text.push_str("ffi"),
        'ﬄ' => text.push_str("ffl"),
        'ﬅ' | 'ﬆ' => text.push_str("st"),
        // pdfium marks a hyphen that breaks a word with 2. A soft one shows only at a line's end.
        '\u{2}' => text.push('-'),
        _ if BULLETS.contains(&letter) => text.push('•'),
        '\u{200b}'..='\u{200d}' | '\u{feff}' => {}
        _ => text.push(letter),
    }
}

/// Soft hyphens show only where a line breaks at them: at the end.
pub(super) fn settle_hyphens(text: &mut String) {
    if text.contains('\u{ad}') {
        let broken = text.ends_with('\u{ad}');
        text.retain(|c| c != '\u{ad}');
        if broken {
            text.push('-');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_set_apart_are_put_together() {
        let gaps: Vec<_> = (0..7).map(|n| (n * 2 + 1, if n == 3 { 9.0 } else { 3.0 })).collect();
        assert_eq!(close_up("M E N U D O D I", &gaps).as_deref(), Some("MENU DODI"));
        assert_eq!(close_up("de 2 a 7", &[(2, 3.0), (4, 3.0), (6, 3.0)]), None);
    }

    #[test]
    fn ligatures_and_bullets() {
        let mut text = String::new();
        "eﬁcaz \u{f0b7}\u{200b}".chars().for_each(|c| push_letter(&mut text, c));
        assert_eq!(text, "eficaz •");
        assert!(is_private('\u{f041}') && !is_private('\u{f0b7}') && !is_private('A'));
    }

    #[test]
    fn soft_hyphens_show_at_the_end_only() {
        let mut text = "so\u{ad}ft\u{ad}".to_owned();
        settle_hyphens(&mut text);
        assert_eq!(text, "soft-");
    }
}
