//! Names of files as text: what a document is told by, and what people read.
//!
//! A file's name is any bytes; the store, JSON and people want text. What a document is told by is reversible, so
//! that two names are never one; what people read is what the name most probably means.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A path as text, from which [`path_of`] makes the same path. One in UTF-8 stays as it is. In any other, bytes
/// that are no text are written `\xE7`, and a backslash is doubled; so is a name that looks like that itself.
pub fn text_of(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) if !has_escape(text) => text.to_owned(),
        _ => {
            let mut text = String::with_capacity(bytes.len() + 8);
            for piece in bytes.utf8_chunks() {
                text.push_str(&piece.valid().replace('\\', "\\\\"));
                for byte in piece.invalid() {
                    text.push_str(&format!("\\x{byte:02X}"));
                }
            }
            text
        }
    }
}

/// The path that [`text_of`] wrote down.
pub fn path_of(text: &str) -> PathBuf {
    if !has_escape(text) {
        return PathBuf::from(text);
    }
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, after @ ..] = rest {
        let (byte, left) = match after {
            [b'\\', left @ ..] if *first == b'\\' => (b'\\', left),
            [b'x', high, low, left @ ..] if *first == b'\\' => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, left),
                _ => (*first, after),
            },
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    PathBuf::from(OsString::from_vec(bytes))
}

/// What people read as the name of a file: a name that is not UTF-8 is most probably in Windows' code page, from
/// an old drive or an archive; what would break a line or steer a terminal is a space.
pub fn shown(name: &OsStr) -> String {
    let text = encoding_rs::UTF_8
        .decode_without_bom_handling_and_without_replacement(name.as_bytes())
        .unwrap_or_else(|| encoding_rs::WINDOWS_1252.decode_without_bom_handling(name.as_bytes()).0);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn has_escape(text: &str) -> bool {
    let is_escape =
        |w: &[u8]| w[0] == b'\\' && w[1] == b'x' && digit(w[2]).is_some() && digit(w[3]).is_some();
    text.contains("\\x") && text.as_bytes().windows(4).any(is_escape)
}

/// Only upper case, as they are written.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_text_of_its_own_and_comes_back() {
        let names: [&[u8]; 11] = [
            b"/docs/precos.txt",
            "/docs/preços.txt".as_bytes(),
            b"/docs/pre\xe7os.txt",
            b"/docs/pre\xe3os.txt",
            "/docs/pre\u{fffd}os.txt".as_bytes(),
            b"/docs/pre\\xE7os.txt",
            b"/docs/pre\\\\xE7os.txt",
            b"/docs/a\\b.txt",
            b"/docs/a\\b\xff.txt",
            b"/docs/a\nb.txt",
            b"\xff\\x",
        ];
        let mut seen = std::collections::HashSet::new();
        for name in names {
            let path = PathBuf::from(OsString::from_vec(name.to_vec()));
            let text = text_of(&path);
            assert_eq!(path_of(&text), path, "{text}");
            assert!(seen.insert(text.clone()), "{text} stands for two names");
        }
        assert_eq!(text_of(Path::new("/docs/a\\b.txt")), "/docs/a\\b.txt", "text stays as it is");
    }

    #[test]
    fn people_read_what_an_old_name_means() {
        assert_eq!(shown(OsStr::from_bytes(b"pre\xe7os.txt")), "preços.txt");
        assert_eq!(shown(OsStr::new("preços.txt")), "preços.txt");
        assert_eq!(shown(OsStr::new("a\nfailed b.txt")), "a failed b.txt");
    }
}
