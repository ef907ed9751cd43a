//! The text of an HTML page as it is read, tag by tag, and the blocks it becomes.
//!
//! White space means what it means in a browser: a source line ends nothing. A cell of a table is one line; one
//! that spans columns or rows stands in each of them.

use super::entities::push_decoded;
use crate::ingest::STRUCK_OUT;
use crate::model::{Block, BlockKind};
use crate::text::table::{names_columns, row_of};

/// Tags after which, or before which, text stands on another line.
const BLOCK_TAGS: [&str; 21] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "footer",
    "header",
    "hr",
    "main",
    "p",
    "section",
    "summary",
    "title",
];
/// A break inside a cell, until its row is complete.
const CELL_BREAK: char = '\u{2028}';
/// A longer row of one cell is a piece of layout.
const MAX_TITLE: usize = 120;
/// More columns than this are nobody's table.
const MAX_SPAN: usize = 60;

/// A row of a table while it is read.
#[derive(Default)]
struct Row {
    cells: Vec<String>,
    /// Cells of its own; one may stand in many columns.
    own: usize,
    names: usize,
    span: usize,
    rows: usize,
}

/// An open table.
#[derive(Default)]
struct Table {
    /// Its first block.
    start: usize,
    /// By column, the text that reaches down into so many more rows.
    reaching: Vec<(usize, String)>,
    in_head: bool,
    has_columns: bool,
}

/// The blocks so far and the open line.
#[derive(Default)]
pub(super) struct Flow {
    blocks: Vec<Block>,
    line: String,
    kind: Option<BlockKind>,
    tables: Vec<Table>,
    row: Option<Row>,
    in_cell: bool,
    /// Next number of each open list; none for bullets.
    lists: Vec<Option<u64>>,
    /// A space is due before the next letter.
    space: bool,
    preformatted: bool,
    /// Where in the line the open choice begins.
    choice: usize,
}

impl Flow {
    /// Takes up a tag by its name; `number` gives its numeric attributes.
    pub(super) fn tag(&mut self, name: &str, opening: bool, number: impl Fn(&str) -> Option<usize>) {
        match name {
            "td" | "th" if opening => {
                self.end_cell();
                if self.row.is_none() {
                    self.start_row();
                }
                if let Some(row) = &mut self.row {
                    row.names += usize::from(name == "th");
                    row.span = number("colspan").unwrap_or(1).clamp(1, MAX_SPAN);
                    row.rows = number("rowspan").unwrap_or(1).clamp(1, 1_000);
                    self.in_cell = true;
                }
            }
            "td" | "th" => self.end_cell(),
            "tr" => {
                self.end_row();
                if opening {
                    self.start_row();
                }
            }
            "thead" => self.tables.last_mut().into_iter().for_each(|table| table.in_head = opening),
            "table" => {
                self.end_row();
                self.end_line();
                if opening {
                    self.tables.push(Table { start: self.blocks.len(), ..Table::default() });
                } else {
                    self.end_table();
                }
            }
            "pre" => {
                self.break_line();
                self.preformatted = opening;
            }
            "ul" | "ol" => {
                self.break_line();
                if opening {
                    self.lists.push((name == "ol").then(|| number("start").unwrap_or(1) as u64));
                } else {
                    self.lists.pop();
                }
            }
            "li" => {
                self.break_line();
                if opening {
                    self.start_item();
                }
            }
            _ if name.len() == 2 && name.starts_with('h') && name.as_bytes()[1].is_ascii_digit() => {
                self.break_line();
                let level = name.as_bytes()[1] - b'0';
                self.kind = (opening && !self.in_cell).then_some(BlockKind::Heading(level.clamp(1, 6)));
            }
            _ if BLOCK_TAGS.contains(&name) => self.break_line(),
            _ => {}
        }
    }

    fn start_item(&mut self) {
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "- ".to_owned(),
        };
        self.line.push_str(&marker);
        if !self.in_cell {
            self.kind = Some(BlockKind::ListItem);
        }
    }

    fn break_line(&mut self) {
        if !self.in_cell {
            self.end_line();
        } else if !self.is_at_start() {
            self.space = false;
            self.line.push(CELL_BREAK);
        }
    }

    /// Whether nothing stands in the open line or cell yet.
    fn is_at_start(&self) -> bool {
        self.line.is_empty() || self.line.ends_with(CELL_BREAK)
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let kind = self.kind.take().unwrap_or(BlockKind::Paragraph);
        self.space = false;
        for part in line.split(CELL_BREAK) {
            let text = part.trim_matches(' ');
            let is_marker = kind == BlockKind::ListItem && (text == "-" || text.parse::<f32>().is_ok());
            if !text.is_empty() && !is_marker {
                self.blocks.push(Block { kind, text: text.to_owned() });
            }
        }
    }

    fn start_row(&mut self) {
        self.end_line();
        self.row = Some(Row::default());
    }

    fn end_cell(&mut self) {
        if !std::mem::take(&mut self.in_cell) {
            return self.end_line();
        }
        self.space = false;
        let text = std::mem::take(&mut self.line);
        let Some(row) = &mut self.row else { return };
        row.own += 1;
        let mut table = self.tables.last_mut();
        if let Some(table) = &mut table {
            fill_reaching(table, row);
        }
        for _ in 0..row.span {
            if let Some(table) = table.as_mut().filter(|_| row.rows > 1) {
                let column = row.cells.len();
                table.reaching.resize_with(table.reaching.len().max(column + 1), Default::default);
                table.reaching[column] = (row.rows - 1, text.clone());
            }
            row.cells.push(text.clone());
        }
    }

    fn end_row(&mut self) {
        if self.in_cell {
            self.end_cell();
        }
        let Some(mut row) = self.row.take() else { return };
        let mut table = self.tables.last_mut();
        if let Some(table) = &mut table {
            // A cell reaches down once more for the row that it began in.
            fill_reaching(table, &mut row);
        }
        let (in_head, has_columns) = table.as_ref().map_or((false, false), |t| (t.in_head, t.has_columns));
        if row.own <= 1 && row.cells.iter().all(|cell| Some(cell) == row.cells.first()) {
            // A row of one cell is how people lay out a page, or what the rows below it are about.
            let text = row.cells.into_iter().next().unwrap_or_default();
            let lines: Vec<&str> = text.split(CELL_BREAK).map(|l| l.trim_matches(' ')).collect();
            let is_title = has_columns && lines.len() == 1 && text.len() <= MAX_TITLE;
            let kind = if is_title { BlockKind::TableRow } else { BlockKind::Paragraph };
            let lines = lines.into_iter().filter(|line| !line.is_empty());
            self.blocks.extend(lines.map(|line| Block { kind, text: line.to_owned() }));
            return;
        }
        let text = row_of(&row.cells);
        if text.is_empty() {
            return;
        }
        let names = in_head || row.names == row.own;
        let kind = if names && !has_columns { BlockKind::TableHeader } else { BlockKind::TableRow };
        if let Some(table) = table {
            table.has_columns |= kind == BlockKind::TableRow;
        }
        self.blocks.push(Block { kind, text });
    }

    fn end_table(&mut self) {
        let Some(table) = self.tables.pop() else { return };
        let blocks = self.blocks.get_mut(table.start..).unwrap_or_default();
        let is_row = |b: &Block| b.kind == BlockKind::TableRow && b.text.contains('|');
        let has_header = blocks.iter().any(|b| b.kind == BlockKind::TableHeader);
        let Some(first) = blocks.iter().position(is_row).filter(|_| !has_header) else { return };
        if names_columns(blocks[first..].iter().filter(|b| is_row(b)).map(|b| b.text.as_str())) {
            blocks[first].kind = BlockKind::TableHeader;
        }
    }

    /// The first entry of a list of choices begins.
    pub(super) fn start_choice(&mut self) {
        if std::mem::take(&mut self.space) && !self.is_at_start() {
            self.line.push(' ');
        }
        self.choice = self.line.len();
    }

    /// Another entry was chosen than the one that stands in the line.
    pub(super) fn drop_choice(&mut self) {
        if self.choice > 0 || !self.line.is_empty() {
            self.line.truncate(self.choice.min(self.line.len()));
        }
    }

    /// Something that is struck out stood here.
    pub(super) fn struck_out(&mut self) {
        self.line.push(STRUCK_OUT);
    }

    /// Appends `text` with runs of white space as one space, and none where a line or a cell begins.
    pub(super) fn push(&mut self, text: &str) {
        if self.preformatted && !self.in_cell {
            for (number, line) in text.split('\n').enumerate() {
                if number > 0 {
                    self.end_line();
                }
                push_decoded(&mut self.line, line);
            }
            return;
        }
        // Decoded only now, so that a space written as an entity stays.
        for (number, word) in text.split(|c: char| c.is_ascii_whitespace()).enumerate() {
            self.space |= number > 0;
            if !word.is_empty() {
                if std::mem::take(&mut self.space) && !self.is_at_start() && !self.line.ends_with(' ') {
                    self.line.push(' ');
                }
                push_decoded(&mut self.line, word);
            }
        }
    }

    /// All blocks.
    pub(super) fn finish(mut self) -> Vec<Block> {
        self.end_row();
        self.end_line();
        while !self.tables.is_empty() {
            self.end_table();
        }
        self.blocks
    }
}

/// Puts the cells that reach down from rows above into `row`, up to the next column that is free.
fn fill_reaching(table: &mut Table, row: &mut Row) {
    while let Some((left, text)) = table.reaching.get_mut(row.cells.len()).filter(|(left, _)| *left > 0) {
        *left -= 1;
        row.cells.push(text.clone());
    }
}
