//! The block of `key: value` lines at the head of a Markdown file.
//!
//! Only scalars and lists of scalars are taken: that is what people write there, and it needs no
//! YAML parser with its anchors and its bombs. Nested mappings are skipped.

use crate::model::Metadata;

/// More keys than this are data, not a description.
const MAX_KEYS: usize = 64;
/// A longer value is cut.
const MAX_VALUE: usize = 1_000;

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
