//! What the rows of a table are not understood without: the names of its columns, the caption above them, and
//! the line inside the table that says what the next rows are about. Pure.

use super::PageText;
use crate::embed::TokenCounter;
use crate::error::Result;
use crate::model::BlockKind;
use crate::text::table::is_row;
use crate::text::{Sign, shows};

/// A longer paragraph before a table is prose, not its caption, and so is one that tells a price. In bytes.
const MAX_CAPTION: usize = 200;

/// What stands over some rows of a table.
#[derive(Debug)]
pub(super) struct TableHead {
    /// From the fullest to the shortest, with their tokens.
    forms: Vec<(String, u32)>,
}

impl TableHead {
    /// What may be repeated before a row: all there is first, the names of the columns alone last.
    pub(super) fn forms(&self) -> impl Iterator<Item = (&str, u32)> {
        self.forms.iter().map(|(text, tokens)| (text.as_str(), *tokens))
    }
}

/// The heads of the tables of one page.
#[derive(Debug, Default)]
pub(super) struct TableHeads {
    heads: Vec<TableHead>,
    /// For each block of the page, the head it stands under.
    of_span: Vec<Option<usize>>,
}

impl TableHeads {
    /// The heads of the tables of `page`, not measured yet.
    pub(super) fn of(page: &PageText) -> Self {
        let text = |at: usize| &page.text[page.spans[at].range.clone()];
        let mut heads = Self { heads: Vec::new(), of_span: vec![None; page.spans.len()] };
        // The caption and the header of the open table.
        let mut open: Option<(Option<&str>, &str)> = None;
        let mut at = 0;
        while at < page.spans.len() {
            match page.spans[at].kind {
                BlockKind::TableHeader => {
                    let before = at.checked_sub(1).filter(|&b| page.spans[b].kind == BlockKind::Paragraph);
                    let is_caption =
                        |c: &&str| c.len() <= MAX_CAPTION && !c.contains('\n') && !shows(c, Sign::Price);
                    let caption = before.map(text).filter(is_caption);
                    open = Some((caption, text(at)));
                    heads.push(caption, text(at), None);
                }
                BlockKind::TableRow => {
                    if let Some((caption, header)) = open {
                        // A row of one cell says what the rows below it are.
                        let leads = !is_row(text(at))
                            && page.spans.get(at + 1).is_some_and(|s| s.kind == BlockKind::TableRow);
                        heads.of_span[at] = heads.heads.len().checked_sub(1);
                        if leads {
                            heads.push(caption, header, Some(text(at)));
                        }
                    }
                }
                _ => open = None,
            }
            at += 1;
        }
        heads
    }

    fn push(&mut self, caption: Option<&str>, header: &str, section: Option<&str>) {
        let join = |parts: &[Option<&str>]| parts.iter().flatten().copied().collect::<Vec<_>>().join("\n");
        let mut forms = vec![
            join(&[caption, Some(header), section]),
            join(&[Some(header), section]),
            join(&[Some(header)]),
        ];
        forms.dedup();
        self.heads.push(TableHead { forms: forms.into_iter().map(|form| (form, 0)).collect() });
    }

    /// Counts the tokens of every form.
    pub(super) fn measure(&mut self, counter: &dyn TokenCounter) -> Result<()> {
        for head in &mut self.heads {
            let texts: Vec<&str> = head.forms.iter().map(|(text, _)| text.as_str()).collect();
            let counts = counter.count(&texts)?;
            for (form, tokens) in head.forms.iter_mut().zip(counts) {
                form.1 = tokens;
            }
        }
        Ok(())
    }

    /// The head that block `index` of the page stands under.
    pub(super) fn of_span(&self, index: usize) -> Option<usize> {
        self.of_span.get(index).copied().flatten()
    }

    /// A head by its place.
    pub(super) fn get(&self, head: usize) -> Option<&TableHead> {
        self.heads.get(head)
    }
}
