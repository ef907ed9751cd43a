//! The archive of a Word document: its parts, read under one budget of unpacked bytes.
//!
//! Every part is streamed; what is counted is what really came out of the archive, never what it
//! declares. XML is walked without recursion and only so deep.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, BufReader, Cursor, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;
use zip::result::ZipError;

use super::super::limits::plain_bytes;
use super::{FailureKind, Limits, ParseFailure};

/// Word itself nests a few dozen elements; a document made to hurt nests thousands.
const MAX_DEPTH: usize = 1_000;

/// What reads the XML of a part. Names come without their prefix.
pub(super) trait Visitor {
    fn open(&mut self, name: &str, tag: &BytesStart<'_>);
    fn close(&mut self, name: &str);
    fn text(&mut self, text: &str);
}

/// An attribute of `tag` by its name without prefix.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    // Without the check for duplicates, which is quadratic.
    let attribute = attributes.with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name)?;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// The `val` of a switch like `<w:b/>`: on unless it says off.
pub(super) fn is_on(tag: &BytesStart<'_>) -> bool {
    !matches!(attribute(tag, "val").as_deref(), Some("0" | "false" | "off" | "none"))
}

/// An open archive and what may still come out of it.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    left: Cell<u64>,
    limit: u64,
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, ParseFailure> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| {
            corrupt("the archive of the document is cut off or damaged; open it in Word and save it again")
        })?;
        Ok(Self { archive, left: Cell::new(limits.max_unpacked_bytes), limit: limits.max_unpacked_bytes })
    }

    /// The part that holds the text: `word/document.xml`, unless the package names another.
    pub(super) fn main_part(&mut self) -> Result<String, ParseFailure> {
        let mut relationships = Relationships::default();
        self.read_optional("_rels/.rels", &mut relationships)?;
        let named = relationships.main.map(|part| part.trim_start_matches('/').to_owned());
        let part = named.unwrap_or_else(|| "word/document.xml".to_owned());
        let holds = |prefix: &str| self.archive.file_names().any(|name| name.starts_with(prefix));
        if self.archive.index_for_name(&part).is_some() && !holds("xl/") && !holds("ppt/") {
            return Ok(part);
        }
        let is = if holds("xl/") {
            "an Excel workbook; save it as PDF"
        } else if holds("ppt/") {
            "a PowerPoint presentation; save it as PDF"
        } else if holds("content.xml") {
            "an OpenDocument file; save it as .docx or PDF"
        } else {
            return Err(corrupt("it is a ZIP archive without a Word document in it"));
        };
        Err(ParseFailure::new(FailureKind::Unsupported, format!("not a Word document but {is}")))
    }

    /// Names of the parts that begin with one of `prefixes`, in order.
    pub(super) fn parts_starting(&self, prefixes: &[&str]) -> Vec<String> {
        let is_xml =
            |name: &str| name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("xml"));
        let names = self.archive.file_names().filter(|name| is_xml(name));
        let mut found: Vec<_> =
            names.filter(|name| prefixes.iter().any(|p| name.starts_with(p))).map(str::to_owned).collect();
        found.sort();
        found
    }

    /// What `part` refers to by an id.
    pub(super) fn relationships(&mut self, part: &str) -> Result<Relationships, ParseFailure> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let mut relationships = Relationships::default();
        self.read_optional(
            format!("{folder}/_rels/{name}.rels").trim_start_matches('/'),
            &mut relationships,
        )?;
        folder.clone_into(&mut relationships.folder);
        Ok(relationships)
    }

    /// The bytes of a part, under the budget; none if there is no such part.
    pub(super) fn bytes(&mut self, part: &str) -> Result<Option<Vec<u8>>, ParseFailure> {
        if self.archive.index_for_name(part).is_none() {
            return Ok(None);
        }
        let entry = self.archive.by_name(part).map_err(|_| {
            corrupt("a part of the document cannot be unpacked; open it in Word and save it again")
        })?;
        let mut bytes = Vec::new();
        let done = Metered { inner: entry, left: &self.left }.read_to_end(&mut bytes);
        match done {
            Ok(_) => Ok(Some(bytes)),
            Err(_) if self.left.get() == 0 => Err(self.too_large()),
            Err(_) => Err(corrupt("a part of the document is cut off; open it in Word and save it again")),
        }
    }

    /// What may still come out of the archive.
    pub(super) fn left(&self) -> u64 {
        self.left.get()
    }

    /// Takes what something inside a part unpacked to off the budget.
    pub(super) fn spend(&self, bytes: u64) {
        self.left.set(self.left.get().saturating_sub(bytes));
    }

    fn too_large(&self) -> ParseFailure {
        ParseFailure::new(
            FailureKind::TooLarge,
            format!(
                "the document unpacks to more than {}; split it, remove large parts, or raise the limit",
                plain_bytes(self.limit)
            ),
        )
    }

    /// Walks a part that may be missing.
    pub(super) fn read_optional(
        &mut self,
        part: &str,
        visitor: &mut impl Visitor,
    ) -> Result<(), ParseFailure> {
        if self.archive.index_for_name(part).is_some() { self.read(part, visitor) } else { Ok(()) }
    }

    /// Walks a part.
    pub(super) fn read(&mut self, part: &str, visitor: &mut impl Visitor) -> Result<(), ParseFailure> {
        let entry = self.archive.by_name(part).map_err(|error| match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
                ParseFailure::new(
                    FailureKind::Encrypted,
                    "the document is protected by a password; save it without one",
                )
            }
            _ => corrupt("a part of the document cannot be unpacked; open it in Word and save it again"),
        })?;
        let metered = Metered { inner: entry, left: &self.left };
        let done = walk(BufReader::with_capacity(64 * 1_024, metered), visitor);
        match done {
            Ok(()) => Ok(()),
            Err(_) if self.left.get() == 0 => Err(self.too_large()),
            Err(what) => Err(corrupt(what)),
        }
    }
}

fn corrupt(what: &str) -> ParseFailure {
    ParseFailure::new(FailureKind::Corrupt, format!("damaged document: {what}"))
}

/// Streams the events of `source`; an `Err` says what is wrong.
fn walk(source: impl io::BufRead, visitor: &mut impl Visitor) -> Result<(), &'static str> {
    const UNSOUND: &str = "its XML is not sound; open it in Word and save it again";
    let mut reader = Reader::from_reader(source);
    reader.config_mut().allow_dangling_amp = true;
    let mut buffer = Vec::new();
    let mut depth = 0;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|_| UNSOUND)? {
            Event::Start(tag) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err("its XML is nested too deeply");
                }
                visitor.open(tag.local_name().as_ref(), &tag);
            }
            Event::Empty(tag) => {
                visitor.open(tag.local_name().as_ref(), &tag);
                visitor.close(tag.local_name().as_ref());
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                visitor.close(tag.local_name().as_ref());
            }
            Event::Text(text) => visitor.text(&text.xml10_content()),
            Event::CData(text) => visitor.text(&text.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref() {
                Ok(Some(c)) => visitor.text(c.encode_utf8(&mut [0; 4])),
                _ => visitor.text(match &*name {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    // Entities of a document's own are never resolved: that is how XML bombs work.
                    _ => "",
                }),
            },
            Event::Eof => return if depth == 0 { Ok(()) } else { Err(UNSOUND) },
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// A reader that takes what it reads off a shared budget and fails when that is spent.
struct Metered<'a, R> {
    inner: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.get().saturating_sub(read as u64);
        self.left.set(left);
        if left == 0 && read > 0 {
            return Err(io::Error::other("budget of unpacked bytes spent"));
        }
        Ok(read)
    }
}

/// What a package or a part refers to.
#[derive(Default)]
pub(super) struct Relationships {
    main: Option<String>,
    /// Addresses of links by id.
    pub(super) links: HashMap<String, String>,
    /// Parts of other formats whose text belongs to the document, by id; none for one outside the file, which is
    /// never fetched.
    pub(super) chunks: HashMap<String, Option<String>>,
    folder: String,
}

impl Relationships {
    /// The name in the archive of what a part refers to as `target`.
    pub(super) fn resolve(&self, target: &str) -> String {
        if let Some(absolute) = target.strip_prefix('/') {
            return absolute.to_owned();
        }
        let mut folders: Vec<&str> = self.folder.split('/').filter(|f| !f.is_empty()).collect();
        for step in target.split('/') {
            match step {
                "." | "" => {}
                ".." => drop(folders.pop()),
                step => folders.push(step),
            }
        }
        folders.join("/")
    }
}

impl Visitor for Relationships {
    fn open(&mut self, name: &str, tag: &BytesStart<'_>) {
        if name != "Relationship" {
            return;
        }
        let (Some(id), Some(target)) = (attribute(tag, "Id"), attribute(tag, "Target")) else {
            return;
        };
        let kind = attribute(tag, "Type").unwrap_or_default();
        if kind.ends_with("/officeDocument") {
            self.main = Some(target);
        } else if kind.ends_with("/hyperlink") {
            self.links.insert(id, target);
        } else if kind.ends_with("/aFChunk") {
            let outside = attribute(tag, "TargetMode").is_some_and(|m| m.eq_ignore_ascii_case("external"));
            self.chunks.insert(id, (!outside).then_some(target));
        }
    }

    fn close(&mut self, _: &str) {}
    fn text(&mut self, _: &str) {}
}
