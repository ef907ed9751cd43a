//! Word documents (Office Open XML) to pages of blocks.
//!
//! Read as a stream of XML events straight from the archive, not through docx-rs: that crate builds
//! the whole document in memory with no limit on what the archive unpacks to, recurses with the
//! nesting of the file, and passes over what real documents keep their text in (content controls,
//! text boxes, moved text) and the marks that tell where a page ended. Only what is needed is read:
//! the main part and the notes, headers and footers beside it, styles for headings, numbering for
//! lists and clauses, links, properties, form fields, parts of other formats (`embedded`). What is struck out,
//! hidden or deleted is left out; pictures, charts and objects are noted (`unread`).

mod body;
mod breaks;
mod choices;
mod embedded;
mod numbering;
mod package;
mod paragraph;
mod properties;
mod styles;
mod symbols;
mod table;
mod unread;

use std::collections::{HashMap, HashSet};

use body::{Body, Context};
use numbering::Numbering;
use package::Package;
use paragraph::Piece;
use styles::Styles;

use super::{FailureKind, Limits, ParseFailure};
use crate::ingest::STRUCK_OUT;
use crate::model::{Block, BlockKind, Page, Parsed};

pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Parsed, ParseFailure> {
    read(bytes, limits, 0).map(|(parsed, _)| parsed)
}

/// Reads a document that is so deep inside others; and how many bytes it unpacked to.
fn read(bytes: &[u8], limits: &Limits, depth: usize) -> Result<(Parsed, u64), ParseFailure> {
    let mut package = Package::open(bytes, limits)?;
    let main = package.main_part()?;
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let beside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };

    let mut styles = Styles::default();
    package.read_optional(&beside("styles.xml"), &mut styles)?;
    let mut numbering = Numbering::default();
    package.read_optional(&beside("numbering.xml"), &mut numbering)?;
    let relationships = package.relationships(&main)?;
    let mut embedded = embedded::read(&mut package, &relationships, limits, depth)?;
    let context = Context {
        styles: &styles,
        links: &relationships.links,
        chunks: &embedded.blocks,
        max_pages: limits.max_pages,
    };

    let mut body = Body::new(context, numbering.clone());
    package.read(&main, &mut body)?;
    if body.too_many_pages() {
        return Err(ParseFailure::new(
            FailureKind::TooLarge,
            format!("the document has more than {} pages; split it or raise the limit", limits.max_pages),
        ));
    }
    // Links of notes, headers and footers are kept elsewhere in the package; their text is enough.
    let no_links = HashMap::new();
    let no_chunks = HashMap::new();
    let context = Context { links: &no_links, chunks: &no_chunks, ..context };
    let mut unread = body.unread();
    let mut notes = HashMap::new();
    for (part, prefix) in [("footnotes.xml", 'f'), ("endnotes.xml", 'e')] {
        let mut reader = Body::new(context, numbering.clone());
        package.read_optional(&beside(part), &mut reader)?;
        unread.add(reader.unread());
        notes.extend(reader.into_notes().into_iter().map(|(id, text)| (format!("{prefix}{id}"), text)));
    }
    let mut margins = Vec::new();
    for part in package.parts_starting(&[&beside("header"), &beside("footer")]) {
        let mut reader = Body::new(context, numbering.clone());
        package.read_optional(&part, &mut reader)?;
        unread.add(reader.unread());
        margins.extend(reader.into_pieces());
    }

    let mut pages = into_pages(body, &notes);
    add_margins(&mut pages, margins);
    let mut metadata = properties::read(&mut package, pages.len())?;
    if !metadata.contains_key("title")
        && let Some(title) =
            pages.first().and_then(|p| p.blocks.iter().find(|b| b.kind == BlockKind::Heading(1)))
    {
        metadata.insert("title".to_owned(), title.text.replace(STRUCK_OUT, ""));
    }
    embedded.notes.extend(unread.notes());
    let unpacked = limits.max_unpacked_bytes.saturating_sub(package.left());
    Ok((Parsed { pages, metadata, notes: embedded.notes }, unpacked))
}

/// Cuts the flow of blocks at its page breaks; notes go to the end of the page that refers to them. The names of
/// its columns are on every page that a table runs over.
fn into_pages(body: Body<'_>, notes: &HashMap<String, String>) -> Vec<Page> {
    let flow = body.into_flow();
    let mut references = flow.notes.into_iter().peekable();
    let mut breaks = flow.breaks.into_iter().peekable();
    let mut pages = Vec::new();
    let mut blocks: Vec<Block> = Vec::new();
    let mut tables = flow.tables.into_iter().peekable();
    let mut header: Option<Block> = None;
    let mut close = |blocks: &mut Vec<Block>, last: usize| {
        while let Some((_, id)) = references.next_if(|(at, _)| *at < last) {
            if let Some(text) = notes.get(&id) {
                blocks.push(Block { kind: BlockKind::Paragraph, text: text.clone() });
            }
        }
        let number = u32::try_from(pages.len() + 1).unwrap_or(u32::MAX);
        pages.push(Page { number, blocks: std::mem::take(blocks) });
    };
    for (index, block) in promote_bold(flow.pieces).into_iter().enumerate() {
        while breaks.next_if(|at| *at <= index).is_some() {
            close(&mut blocks, index);
        }
        while tables.next_if(|table| table.end <= index).is_some() {
            header = None;
        }
        if block.kind == BlockKind::TableHeader {
            header = Some(block.clone());
        } else if blocks.is_empty()
            && block.kind == BlockKind::TableRow
            && tables.peek().is_some_and(|table| table.contains(&index))
        {
            blocks.extend(header.clone());
        }
        blocks.push(block);
    }
    close(&mut blocks, usize::MAX);
    pages
}

/// Many people make a heading by bold type alone: a short bold line between others that are not.
fn promote_bold(pieces: Vec<Piece>) -> Vec<Block> {
    let deepest = pieces.iter().filter_map(|p| match p.block.kind {
        BlockKind::Heading(level) => Some(level),
        _ => None,
    });
    let level = deepest.max().map_or(2, |level| (level + 1).min(6));
    let stands_out: Vec<bool> = pieces.iter().map(Piece::looks_like_heading).collect();
    let mut blocks: Vec<Block> = pieces.into_iter().map(|p| p.block).collect();
    for (at, block) in blocks.iter_mut().enumerate() {
        let alone = stands_out.get(at + 1) == Some(&false) && (at == 0 || !stands_out[at - 1]);
        if stands_out[at] && alone {
            block.kind = BlockKind::Heading(if at == 0 && level == 2 { 1 } else { level });
        }
    }
    blocks
}

/// Headers and footers, once, after the last page's text: businesses keep their address and telephone
/// there. What the body says too and page numbers are left out.
fn add_margins(pages: &mut [Page], margins: Vec<Piece>) {
    let key = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let mut known: HashSet<String> = pages.iter().flat_map(|p| &p.blocks).map(|b| key(&b.text)).collect();
    let Some(last) = pages.last_mut() else { return };
    for piece in margins {
        let text = key(&piece.block.text);
        if !is_page_number(&text) && known.insert(text) {
            let kind = match piece.block.kind {
                BlockKind::Heading(_) => BlockKind::Paragraph,
                kind => kind,
            };
            last.blocks.push(Block { kind, text: piece.block.text });
        }
    }
}

/// `3`, `página 3 de 10`, `page 3 of 10`, `3/10`.
fn is_page_number(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).all(|word| {
        word.bytes().all(|b| b.is_ascii_digit())
            || matches!(word, "página" | "pagina" | "pág" | "pag" | "page" | "de" | "of" | "p")
    })
}

#[cfg(test)]
mod tests;
