//! From the bytes of a file to pages of blocks, and the child processes in which that happens.
//!
//! `parse` is the pure part: bytes in, `Parsed` or a reason out, one file per format. A document is
//! hostile until parsed, so the library itself never calls it in its own process: `Sandbox` sends
//! the document to a worker process that has put limits on itself, and `worker_main` is what the
//! binaries run there. Cleaning up what a parser found (Unicode normal form, spaces, control
//! characters) is not done here but by the normaliser, once for all formats.

mod content;
mod decode;
mod docx;
mod html;
mod limits;
mod markdown;
mod mhtml;
mod ocr;
mod pdf;
mod protocol;
mod sandbox;
mod text;
mod worker;

pub use content::check_content;
pub use limits::{FailureKind, Limits, ParseFailure};
pub use sandbox::{Input, Sandbox, SandboxConfig};
pub use worker::worker_main;

use limits::plain_bytes;

use crate::model::{FileType, ParseNote, ParseNoteKind, Parsed};

/// Reads `bytes` as a file of `file_type`.
///
/// Runs in the worker process: hostile bytes can make it slow, large, panic or crash, and only the
/// sandbox around the process contains that.
///
/// # Errors
/// A [`ParseFailure`] that says what is wrong with the document and what to do.
pub fn parse(bytes: &[u8], file_type: FileType, limits: &Limits) -> Result<Parsed, ParseFailure> {
    check_size(bytes.len() as u64, limits)?;
    check_content(bytes, file_type)?;
    let parsed = match file_type {
        FileType::Pdf => pdf::parse(bytes, limits)?,
        FileType::Docx => docx::parse(bytes, limits)?,
        FileType::Md => markdown::parse(bytes)?,
        FileType::Txt => text::parse(bytes)?,
        FileType::Image => ocr::parse(bytes, limits)?,
    };
    if has_text(&parsed) { Ok(parsed) } else { Err(no_text(file_type, &parsed.notes)) }
}

/// Refuses an empty file and one beyond the limit; for a file on disk, before it is read.
fn check_size(bytes: u64, limits: &Limits) -> Result<(), ParseFailure> {
    if bytes == 0 {
        return Err(ParseFailure::new(FailureKind::Empty, "the file is empty (0 bytes)"));
    }
    if bytes > limits.max_file_bytes {
        return Err(ParseFailure::new(
            FailureKind::TooLarge,
            format!(
                "the file has {}, more than the limit of {}; split it or raise the limit",
                plain_bytes(bytes),
                plain_bytes(limits.max_file_bytes)
            ),
        ));
    }
    Ok(())
}

fn has_text(parsed: &Parsed) -> bool {
    let mut blocks = parsed.pages.iter().flat_map(|page| &page.blocks);
    blocks.any(|block| block.text.chars().any(char::is_alphanumeric))
}

/// Why there is nothing to store; what was not read or left out is named, for it is where the text is.
fn no_text(file_type: FileType, notes: &[ParseNote]) -> ParseFailure {
    let left_out = |kind: ParseNoteKind| {
        kind.is_loss() || matches!(kind, ParseNoteKind::StruckOut | ParseNoteKind::HiddenLeftOut)
    };
    let lost: Vec<String> = notes.iter().filter(|n| left_out(n.kind)).map(ToString::to_string).collect();
    if !lost.is_empty() {
        let reason = format!(
            "no text could be read in the file, only what is not read ({}); save it in another format or as PDF",
            lost.join("; ")
        );
        return ParseFailure::new(FailureKind::NoText, reason);
    }
    let reason = match file_type {
        FileType::Image => {
            "no text could be read in the image; use a sharper or larger picture, upright and well lit"
        }
        FileType::Pdf => {
            "the PDF has no text, and none could be read from its pages by OCR; \
             check that it is not blank, or scan it again at 300 dpi"
        }
        FileType::Docx | FileType::Md | FileType::Txt => "the file holds no text, only blank space",
    };
    ParseFailure::new(FailureKind::NoText, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_and_a_large_one_are_refused_before_anything_is_read() {
        let limits = Limits { max_file_bytes: 4, ..Limits::default() };
        assert_eq!(parse(b"", FileType::Txt, &limits).unwrap_err().kind, FailureKind::Empty);
        assert_eq!(parse(b"12345", FileType::Txt, &limits).unwrap_err().kind, FailureKind::TooLarge);
    }

    #[test]
    fn blank_space_is_no_text() {
        for bytes in [&b" \n\t\r\n "[..], b"-----\n"] {
            let failure = parse(bytes, FileType::Txt, &Limits::default()).unwrap_err();
            assert_eq!(failure.kind, FailureKind::NoText);
        }
    }

    #[test]
    fn text_and_markdown_are_dispatched() {
        let limits = Limits::default();
        assert_eq!(parse(b"ola", FileType::Txt, &limits).unwrap().pages[0].blocks[0].text, "ola");
        assert_eq!(parse(b"# ola", FileType::Md, &limits).unwrap().metadata["title"], "ola");
    }
}
