//! What a parser has to say of its reading of a file: what it did not read, what it is not sure of.
//!
//! A note is for the operator, who decides whether it matters. It is no failure: the rest was read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Marks in a document's text what the parser is not sure of: behind a figure that OCR may have taken for another,
/// alone before a cell of a table whose column cannot be told.
pub const UNSURE: &str = "[?]";

/// A remark on how a file, or one page of it, was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParseNote {
    /// The page it concerns, from 1; the whole file if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// What kind of remark.
    pub kind: ParseNoteKind,
    /// What it is about, in one line in the operator's words, without a full stop: `3 pictures`.
    pub detail: String,
}

impl ParseNote {
    /// A note on `page`, or on the whole file.
    pub fn new(page: impl Into<Option<u32>>, kind: ParseNoteKind, detail: impl Into<String>) -> Self {
        Self { page: page.into(), kind, detail: detail.into() }
    }
}

/// `page 2: picture not read: a map, 80 x 40 mm`.
impl fmt::Display for ParseNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(page) = self.page {
            write!(f, "page {page}: ")?;
        }
        f.write_str(self.kind.label())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

/// Kinds of [`ParseNote`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParseNoteKind {
    /// A page that was not read.
    PageNotRead,
    /// A picture whose words, if it has any, were not read.
    PictureNotRead,
    /// Letters that the file shows but does not tell: a font without a table of its letters.
    LettersNotRead,
    /// A part of the file that was not read: an embedded file, an attachment, a foreign format.
    PartNotRead,
    /// Something that no reader of the file sees and that was left out: a hidden layer, covered text.
    HiddenLeftOut,
    /// Text that is struck out and so no longer valid.
    StruckOut,
    /// A page, or part of one, was read from a picture by OCR.
    ReadByOcr,
    /// Words that OCR is not sure of; they are marked in the text.
    UnsureWords,
    /// Rows of a table whose cells could not be told apart by column; they are marked in the text.
    UnsureColumns,
}

impl ParseNoteKind {
    /// The name the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PageNotRead => "page_not_read",
            Self::PictureNotRead => "picture_not_read",
            Self::LettersNotRead => "letters_not_read",
            Self::PartNotRead => "part_not_read",
            Self::HiddenLeftOut => "hidden_left_out",
            Self::StruckOut => "struck_out",
            Self::ReadByOcr => "read_by_ocr",
            Self::UnsureWords => "unsure_words",
            Self::UnsureColumns => "unsure_columns",
        }
    }

    /// The kind in words.
    pub fn label(self) -> &'static str {
        match self {
            Self::PageNotRead => "page not read",
            Self::PictureNotRead => "picture not read",
            Self::LettersNotRead => "letters not read",
            Self::PartNotRead => "part not read",
            Self::HiddenLeftOut => "hidden content left out",
            Self::StruckOut => "struck-out text left out",
            Self::ReadByOcr => "read by OCR",
            Self::UnsureWords => "words OCR is not sure of",
            Self::UnsureColumns => "columns of a table could not be told",
        }
    }

    /// Whether something of the file is missing from what was read of it.
    pub fn is_loss(self) -> bool {
        matches!(self, Self::PageNotRead | Self::PictureNotRead | Self::LettersNotRead | Self::PartNotRead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_as_one_line_and_survives_json() {
        let note = ParseNote::new(2, ParseNoteKind::PictureNotRead, "a map");
        assert_eq!(note.to_string(), "page 2: picture not read: a map");
        let json = serde_json::to_string(&note).unwrap();
        assert_eq!(json, r#"{"page":2,"kind":"picture_not_read","detail":"a map"}"#);
        assert_eq!(note.kind.as_str(), "picture_not_read");
        assert_eq!(serde_json::from_str::<ParseNote>(&json).unwrap(), note);
        let whole = ParseNote::new(None, ParseNoteKind::ReadByOcr, "");
        assert_eq!(whole.to_string(), "read by OCR");
    }
}
