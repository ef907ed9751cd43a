//! Tables: each row becomes an item, "- Serviço: Banho; Preço: R$ 50".

use super::Writer;
use super::line::Line;

/// Most bytes of a header that is repeated in every row. A longer one is written once, above the rows.
const LONGEST_HEADER: usize = 300;

/// The open table.
#[derive(Default)]
pub(super) struct Table {
    pub in_cell: bool,
    /// Cells of the open row.
    pub cells: Vec<Line>,
    labels: Vec<Line>,
    /// Whether a row said what the columns are called.
    labelled: bool,
}

impl Writer<'_> {
    pub(super) fn table_head(&mut self) {
        self.table.labels = std::mem::take(&mut self.table.cells);
        self.table.labelled = false;
        if self.table.labels.iter().map(Line::len).sum::<usize>() > LONGEST_HEADER {
            self.header_alone();
        }
    }

    pub(super) fn table_end(&mut self) {
        if !self.table.labelled {
            self.header_alone();
        }
        self.table.labels.clear();
    }

    fn header_alone(&mut self) {
        self.table.cells = std::mem::take(&mut self.table.labels);
        self.table_row();
    }

    pub(super) fn table_row(&mut self) {
        let cells = std::mem::take(&mut self.table.cells);
        let mut row = Line::default();
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_blank()) {
            if !row.is_blank() {
                row.push("; ");
            }
            if let Some(label) = self.table.labels.get(column).filter(|label| !label.is_blank()) {
                row.append(label);
                row.push(if label.text().trim_end().ends_with(':') { " " } else { ": " });
                self.table.labelled = true;
            }
            row.append(cell);
        }
        if !row.is_blank() {
            self.begin_item("- ");
            self.line = row;
            self.flush();
        }
    }
}
