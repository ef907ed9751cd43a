//! What a Word document says of itself: title, author, date, language, pages.

use quick_xml::events::BytesStart;

use super::ParseFailure;
use super::package::{Package, Visitor};
use crate::model::Metadata;

/// Names under which programs sign documents that nobody signed.
const NOBODY: [&str; 4] = ["python-docx", "un-named", "unknown", "author"];

/// Reads `docProps`; `counted` pages stand in where the document does not tell.
pub(super) fn read(package: &mut Package<'_>, counted: usize) -> Result<Metadata, ParseFailure> {
    let mut properties = Properties::default();
    package.read_optional("docProps/core.xml", &mut properties)?;
    package.read_optional("docProps/app.xml", &mut properties)?;
    let mut metadata = properties.metadata;
    metadata.retain(|key, value| key != "author" || !NOBODY.contains(&value.to_lowercase().as_str()));
    // Programs other than Word leave the page count of their template in the file.
    let pages = properties.pages.unwrap_or(0).max(counted);
    metadata.insert("pages".to_owned(), pages.to_string());
    Ok(metadata)
}

#[derive(Default)]
struct Properties {
    metadata: Metadata,
    pages: Option<usize>,
    open: String,
}

impl Visitor for Properties {
    fn open(&mut self, _: &str, _: &BytesStart<'_>) {
        self.open.clear();
    }

    fn close(&mut self, name: &str) {
        let value = std::mem::take(&mut self.open);
        let value = value.trim();
        let key = match name {
            "title" => "title",
            "creator" => "author",
            "language" => "language",
            "created" => "created_date",
            "Pages" => {
                self.pages = value.parse().ok();
                return;
            }
            _ => return,
        };
        // W3CDTF begins with the date in every one of its precisions.
        let value = if key == "created_date" { value.get(..10).unwrap_or(value) } else { value };
        if !value.is_empty() && value.len() <= 1_000 {
            self.metadata.insert(key.to_owned(), value.to_owned());
        }
    }

    fn text(&mut self, text: &str) {
        if self.open.len() < 4_096 {
            self.open.push_str(text);
        }
    }
}
