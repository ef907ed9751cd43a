//! Parts of other formats whose text belongs to the document: `altChunk`.
//!
//! Web systems and editors that "export to Word" put a whole HTML page, or its MHTML form, into the archive and
//! leave it to Word to convert. What such a part is, is told by its bytes: names and declared types are often
//! wrong. Nothing outside the file is fetched; documents within documents are read to a fixed depth and under the
//! budget of the outermost.

use std::collections::HashMap;

use super::super::{html, mhtml, text};
use super::package::{Package, Relationships};
use super::{FailureKind, Limits, ParseFailure};
use crate::model::{Block, ParseNote, ParseNoteKind};

/// Documents inside documents beyond this are not read: one may hold itself.
const MAX_DEPTH: usize = 3;

/// What the parts say, by the id that the document uses for them.
#[derive(Default)]
pub(super) struct Embedded {
    pub(super) blocks: HashMap<String, Vec<Block>>,
    pub(super) notes: Vec<ParseNote>,
}

/// Reads the parts that a document refers to.
///
/// # Errors
/// The budget of unpacked bytes is spent. A part that cannot be read is a note.
pub(super) fn read(
    package: &mut Package<'_>,
    relationships: &Relationships,
    limits: &Limits,
    depth: usize,
) -> Result<Embedded, ParseFailure> {
    let mut embedded = Embedded::default();
    let mut ids: Vec<_> = relationships.chunks.iter().collect();
    ids.sort();
    for (id, target) in ids {
        let Some(target) = target else {
            embedded.lost("a part outside the file, which is not fetched");
            continue;
        };
        let part = relationships.resolve(target);
        let name = part.rsplit('/').next().unwrap_or(&part);
        let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
        let Some(bytes) = package.bytes(&part)? else {
            embedded.lost(format!("the part {name}, which the file refers to and does not hold"));
            continue;
        };
        let blocks = if bytes.starts_with(b"PK") {
            document(package, &bytes, limits, depth, &name, &mut embedded)?
        } else if bytes.trim_ascii_start().starts_with(b"{\\rtf") {
            embedded.lost(format!("an RTF part ({name}); open the file in Word and save it again"));
            continue;
        } else if let Some(page) = mhtml::page(&bytes) {
            embedded.take(html::read(&page))
        } else {
            let page = html::decode(&bytes);
            if html::is_html(&page) {
                embedded.take(html::read(&page))
            } else if let Ok(parsed) = text::parse(page.as_bytes()) {
                parsed.pages.into_iter().flat_map(|page| page.blocks).collect()
            } else {
                embedded.lost(format!("a part of an unknown format ({name})"));
                continue;
            }
        };
        embedded.blocks.insert(id.clone(), blocks);
    }
    Ok(embedded)
}

/// The blocks of a document inside the document.
fn document(
    package: &Package<'_>,
    bytes: &[u8],
    limits: &Limits,
    depth: usize,
    name: &str,
    embedded: &mut Embedded,
) -> Result<Vec<Block>, ParseFailure> {
    if depth >= MAX_DEPTH {
        embedded.lost(format!("a document inside documents ({name}), too deep to be meant"));
        return Ok(Vec::new());
    }
    let left = Limits { max_unpacked_bytes: package.left(), ..limits.clone() };
    match super::read(bytes, &left, depth + 1) {
        Ok((parsed, unpacked)) => {
            package.spend(unpacked);
            embedded.notes.extend(parsed.notes);
            Ok(parsed.pages.into_iter().flat_map(|page| page.blocks).collect())
        }
        Err(failure) if failure.kind == FailureKind::TooLarge => Err(failure),
        Err(failure) => {
            embedded.lost(format!("a document inside the document ({name}): {failure}"));
            Ok(Vec::new())
        }
    }
}

impl Embedded {
    fn lost(&mut self, detail: impl Into<String>) {
        self.notes.push(ParseNote::new(None, ParseNoteKind::PartNotRead, detail));
    }

    /// The blocks of an HTML page; what it left out goes with the notes.
    fn take(&mut self, page: html::Html) -> Vec<Block> {
        self.notes.extend(page.notes());
        page.blocks
    }
}
