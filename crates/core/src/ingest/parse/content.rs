//! Does the content keep what the file name promises?
//!
//! The ending of the name decides how a file is read; its first bytes only confirm it. A wrong
//! ending is the commonest mistake in a folder of business documents, so the message names what the
//! file really is. Nothing here reads further than a few signatures: whether a file is sound is
//! found out by its parser.

use super::{FailureKind, ParseFailure};
use crate::model::FileType;

/// A kind of content that is recognised by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Pdf,
    Png,
    Jpeg,
    /// A ZIP archive: DOCX, but also XLSX, ODT, APK.
    Zip,
    /// The container of the old Office formats, and of encrypted new ones.
    Compound,
    /// Other formats, with the name to show and whether the format is text.
    Other(&'static str),
}

/// Signatures at the very start of a file.
const SIGNATURES: [(&[u8], Content); 24] = [
    (b"%PDF-", Content::Pdf),
    (b"\x89PNG\r\n\x1a\n", Content::Png),
    (b"\xff\xd8\xff", Content::Jpeg),
    (b"PK\x03\x04", Content::Zip),
    (b"PK\x05\x06", Content::Zip),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Content::Compound),
    (b"{\\rtf", Content::Other("an RTF document")),
    (b"GIF8", Content::Other("a GIF image")),
    (b"II*\0", Content::Other("a TIFF image")),
    (b"MM\0*", Content::Other("a TIFF image")),
    (b"\x1f\x8b", Content::Other("a gzip archive")),
    (b"BZh", Content::Other("a bzip2 archive")),
    (b"\xfd7zXZ\0", Content::Other("an xz archive")),
    (b"7z\xbc\xaf\x27\x1c", Content::Other("a 7-Zip archive")),
    (b"Rar!\x1a\x07", Content::Other("a RAR archive")),
    (b"\x7fELF", Content::Other("a program")),
    (b"MZ\x90\0", Content::Other("a Windows program")),
    (b"SQLite format 3\0", Content::Other("an SQLite database")),
    (b"OggS", Content::Other("an Ogg recording")),
    (b"ID3", Content::Other("an MP3 recording")),
    (b"%!PS", Content::Other("a PostScript document")),
    (b"8BPS", Content::Other("a Photoshop image")),
    (b"\0\0\x01\0", Content::Other("an icon")),
    (b"\x28\xb5\x2f\xfd", Content::Other("a zstd archive")),
];

/// How far into a file the `%PDF-` of a PDF may stand; readers have always been this lenient.
const PDF_HEADER_WITHIN: usize = 1_024;

/// Confirms by the first bytes that `bytes` can be a file of `file_type`.
///
/// A PNG under the name of a JPEG passes, and the reverse: both are images.
///
/// # Errors
/// A failure that names what the content is instead.
pub fn check_content(bytes: &[u8], file_type: FileType) -> Result<(), ParseFailure> {
    let found = recognise(bytes);
    match (file_type, found) {
        (FileType::Pdf, Some(Content::Pdf))
        | (FileType::Docx, Some(Content::Zip))
        | (FileType::Image, Some(Content::Png | Content::Jpeg))
        | (FileType::Txt | FileType::Md, None) => Ok(()),
        // A text may begin with the letters of a signature ("BZh", "ID3"): only what looks binary, or
        // a signature no text begins with, makes it something else.
        (FileType::Txt | FileType::Md, Some(Content::Other(_))) if !looks_binary(bytes) => {
            if bytes.starts_with(b"{\\rtf") { Err(mismatch(file_type, found)) } else { Ok(()) }
        }
        (FileType::Docx, Some(Content::Compound)) => Err(ParseFailure::new(
            FailureKind::Encrypted,
            "the file is protected by a password, or is an old .doc under the name of a .docx; \
             open it in Word and save it as .docx without a password",
        )),
        (FileType::Pdf, None) if bytes.windows(5).take(PDF_HEADER_WITHIN).any(|w| w == b"%PDF-") => Ok(()),
        _ => Err(mismatch(file_type, found)),
    }
}

fn looks_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(4_096).any(|b| matches!(b, 0..=8 | 14..=26 | 28..=31))
}

fn recognise(bytes: &[u8]) -> Option<Content> {
    if let Some((_, content)) = SIGNATURES.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(*content);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some(Content::Other("a WebP image"));
    }
    if bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
        return Some(Content::Other("a BMP image"));
    }
    match bytes.get(4..12)? {
        b"ftypheic" | b"ftypheix" | b"ftypmif1" => Some(Content::Other("a HEIC photo")),
        b"ftypavif" => Some(Content::Other("an AVIF image")),
        [b'f', b't', b'y', b'p', ..] => Some(Content::Other("an MP4 or QuickTime recording")),
        _ => None,
    }
}

fn mismatch(file_type: FileType, found: Option<Content>) -> ParseFailure {
    let expected = match file_type {
        FileType::Pdf => "a PDF",
        FileType::Docx => "a DOCX document",
        FileType::Md => "Markdown text",
        FileType::Txt => "plain text",
        FileType::Image => "a PNG or JPEG image",
    };
    let (is, remedy) = match found {
        Some(Content::Pdf) => ("a PDF", "rename it to .pdf"),
        Some(Content::Png) => ("a PNG image", "rename it to .png"),
        Some(Content::Jpeg) => ("a JPEG image", "rename it to .jpg"),
        Some(Content::Zip) => ("a ZIP archive or an Office document", "give it the ending of its format"),
        Some(Content::Compound) => ("an old Office document (.doc, .xls, .ppt)", "save it as .docx or PDF"),
        Some(Content::Other(name)) if name.contains("image") || name.contains("photo") => {
            (name, "convert it to PNG or JPEG")
        }
        Some(Content::Other(name)) if name.contains("document") => (name, "save it as PDF or DOCX"),
        Some(Content::Other(name)) => (name, "it cannot be read"),
        None => ("something else", "it may be damaged or have the wrong ending; open it and save it again"),
    };
    let kind = match (file_type, found) {
        (FileType::Txt | FileType::Md, _) => FailureKind::NotText,
        (_, Some(_)) => FailureKind::Unsupported,
        (_, None) => FailureKind::Corrupt,
    };
    ParseFailure::new(kind, format!("the name promises {expected}, but the content is {is}; {remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8], file_type: FileType) -> FailureKind {
        check_content(bytes, file_type).unwrap_err().kind
    }

    #[test]
    fn honest_files_pass() {
        assert!(check_content(b"%PDF-1.7\n", FileType::Pdf).is_ok());
        assert!(check_content(b"junk before\n%PDF-1.7\n", FileType::Pdf).is_ok());
        assert!(check_content(b"PK\x03\x04....", FileType::Docx).is_ok());
        assert!(check_content(b"BZh e ID3", FileType::Txt).is_ok());
        assert!(check_content(b"ID3 tags explained", FileType::Md).is_ok());
    }

    #[test]
    fn png_and_jpeg_stand_in_for_each_other() {
        assert!(check_content(b"\xff\xd8\xff\xe0", FileType::Image).is_ok());
        assert!(check_content(b"\x89PNG\r\n\x1a\n", FileType::Image).is_ok());
    }

    #[test]
    fn a_wrong_ending_is_named() {
        let failure = check_content(b"%PDF-1.4\n1 0 obj", FileType::Txt).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotText);
        assert!(failure.reason.contains("is a PDF; rename it to .pdf"), "{failure}");
        assert_eq!(kind(b"RIFF\x10\0\0\0WEBPVP8 ", FileType::Image), FailureKind::Unsupported);
        assert_eq!(kind(b"{\\rtf1\\ansi ola", FileType::Txt), FailureKind::NotText);
        assert_eq!(kind(b"<html>", FileType::Pdf), FailureKind::Corrupt);
        assert_eq!(kind(b"ola", FileType::Docx), FailureKind::Corrupt);
    }

    #[test]
    fn an_encrypted_docx_is_told_from_a_broken_one() {
        let failure = check_content(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..", FileType::Docx).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Encrypted);
        assert!(failure.reason.contains("password"));
    }
}
