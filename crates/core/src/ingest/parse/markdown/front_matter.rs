//! The block of `key: value` lines at the head of a Markdown file.
//!
//! Only scalars and lists of scalars are taken: that is what people write there, and it needs no
//! YAML parser with its anchors and its bombs. Nested mappings are skipped.

use crate::model::Metadata;

/// More keys than this are data, not a description.
const MAX_KEYS: usize = 64;
/// A longer value is cut.
const MAX_VALUE: usize = 1_000;
/// A key of more words is the start of a sentence.
const MAX_KEY_WORDS: usize = 3;

/// The front matter at the very start of `text`, if there is one, and what follows it. Between two
/// rules there may as well be prose, so what is no list of pairs is left in the text.
pub(super) fn split(text: &str) -> (Option<&str>, &str) {
    let mut lines = text.split_inclusive('\n');
    let Some(mark) = lines.next().map(str::trim_end).filter(|mark| matches!(*mark, "---" | "+++")) else {
        return (None, text);
    };
    let start = text.find('\n').map_or(text.len(), |at| at + 1);
    let mut end = start;
    for (number, line) in lines.enumerate() {
        let content = line.trim_end();
        if content == mark || (mark == "---" && content == "...") {
            return (Some(&text[start..end]), &text[end + line.len()..]);
        }
        if (number == 0 && content.is_empty()) || (mark == "---" && !is_pair_or_part(content)) {
            break;
        }
        end += line.len();
    }
    (None, text)
}

/// Whether a line can stand in YAML: a key, or what belongs to the key above it.
fn is_pair_or_part(line: &str) -> bool {
    line.is_empty()
        || line.starts_with([' ', '\t', '#', '-', ']', '}'])
        || line.split_once(':').is_some_and(|(key, value)| {
            !key.is_empty()
                && key.split_whitespace().count() <= MAX_KEY_WORDS
                && (value.is_empty() || value.starts_with(char::is_whitespace))
        })
}

/// Adds the pairs of `block`, YAML or TOML, to `metadata`, under the names the store knows.
pub(super) fn read(block: &str, metadata: &mut Metadata) {
    let mut list_key: Option<String> = None;
    for line in block.lines() {
        if metadata.len() >= MAX_KEYS {
            return;
        }
        if let Some(item) = line.trim_start().strip_prefix("- ") {
            if let Some(key) = &list_key {
                add(metadata, key, item);
            }
            continue;
        }
        // An indented line belongs to a nested value.
        if line.starts_with([' ', '\t', '#']) {
            continue;
        }
        list_key = None;
        let Some(at) = line.find([':', '=']) else { continue };
        let (key, value) = (canonical(line[..at].trim()), line[at + 1..].trim());
        if key.is_empty() {
            continue;
        }
        if value.is_empty() {
            list_key = Some(key);
        } else if let Some(items) = value.strip_prefix('[').and_then(|v| v.strip_suffix(']')) {
            items.split(',').for_each(|item| add(metadata, &key, item));
        } else if !value.starts_with(['{', '|', '>', '&', '*']) {
            add(metadata, &key, value);
        }
    }
}

/// Sets `key`, or adds to it as one more of a list.
fn add(metadata: &mut Metadata, key: &str, value: &str) {
    let value = unquoted(value);
    if value.is_empty() || matches!(value, "null" | "~") {
        return;
    }
    let entry = metadata.entry(key.to_owned()).or_default();
    if !entry.is_empty() {
        entry.push_str(", ");
    }
    let room = MAX_VALUE.saturating_sub(entry.len());
    entry.push_str(&value[..value.floor_char_boundary(room)]);
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(inside) = value.strip_prefix(quote)
            && let Some(end) = inside.find(quote)
        {
            return &inside[..end];
        }
    }
    // A comment needs a space before it: colours and anchors have none.
    value.split(" #").next().unwrap_or(value).trim_end()
}

/// The store's name for a key, from the names that blogs and wikis use for it.
fn canonical(key: &str) -> String {
    let key = key.trim_matches(['"', '\'']).to_lowercase();
    let name = match key.as_str() {
        "título" | "titulo" => "title",
        "authors" | "autor" | "autores" => "author",
        "date" | "created" | "created_at" | "data" => "created_date",
        "lang" | "idioma" | "locale" => "language",
        _ => return key,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(block: &str) -> Vec<(String, String)> {
        let mut metadata = Metadata::new();
        read(block, &mut metadata);
        metadata.into_iter().collect()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn yaml_scalars_and_lists() {
        let block = "título: \"Guia: trocas\"\nautores:\n  - Ana\n  - Beto\ndate: 2025-08-04 # ontem\ntags: [a, 'b']\nvazio:\nmapa:\n  x: 1\nlang: pt-BR\n";
        assert_eq!(
            pairs(block),
            [
                pair("author", "Ana, Beto"),
                pair("created_date", "2025-08-04"),
                pair("language", "pt-BR"),
                pair("tags", "a, b"),
                pair("title", "Guia: trocas"),
            ]
        );
    }

    #[test]
    fn toml_and_nonsense() {
        assert_eq!(pairs("title = \"Oi\"\nlixo\n: x\n"), [pair("title", "Oi")]);
    }

    #[test]
    fn only_pairs_at_the_very_start_are_front_matter() {
        assert_eq!(split("---\ntitle: Oi\ntags:\n- a\n---\nfim"), (Some("title: Oi\ntags:\n- a\n"), "fim"));
        assert_eq!(split("+++\r\na = 1\r\n+++\r\nfim"), (Some("a = 1\r\n"), "fim"));
        assert_eq!(split("---\na: 1\n..."), (Some("a: 1\n"), ""));
        for text in ["", "---", "---\na: 1\n", "---\n\na: 1\n---\n", "---\nprosa\n---\n", " ---\na: 1\n---"] {
            assert_eq!(split(text), (None, text));
        }
    }

    #[test]
    fn values_and_keys_are_bounded() {
        use std::fmt::Write;
        let mut block = format!("a: {}\n", "é".repeat(2_000));
        for i in 0..1_000 {
            writeln!(block, "k{i}: v").unwrap();
        }
        let found = pairs(&block);
        assert_eq!(found.len(), MAX_KEYS);
        assert!(found[0].1.len() <= MAX_VALUE);
    }
}
