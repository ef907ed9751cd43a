//! Runs of a page to lines in reading order.
//!
//! Runs on one baseline are a row. Where a strip of white runs down through several rows, the text
//! beside it is either columns of prose, read one after the other, or a table, read row by row; how
//! full its lines are and whether its rows keep together tell which. Everything is decided by
//! geometry: the order in which a program drew the text is not to be trusted.

use super::glyphs::{Gap, PageText, Run};
use super::line::{Line, Role};

/// A gap wider than this, in ems, parts the cells of a row.
const CELL_GAP: f32 = 1.0;
/// A strip of white at least so wide, in ems, can part columns.
const GUTTER: f32 = 0.8;
/// Runs whose baselines differ by less, in ems, share a row.
const SAME_ROW: f32 = 0.35;
/// Rows a column must have.
const MIN_ROWS: usize = 3;
/// Letters a line of prose has on average, at least.
const PROSE_LETTERS: usize = 18;
/// Columns within columns, at most.
const MAX_DEPTH: u8 = 4;

/// The lines of a page: the direction with most text first, watermarks last.
pub(super) fn lines(text: PageText) -> Vec<Line> {
    let mut directions: Vec<(usize, Vec<Run>)> = text.directions.into_iter().enumerate().collect();
    directions
        .sort_by_key(|(_, runs)| std::cmp::Reverse(runs.iter().map(|run| run.text.len()).sum::<usize>()));
    let mut arranger = Arranger::default();
    for (turns, runs) in directions {
        arranger.turns = turns;
        arranger.arrange(runs, 0);
        arranger.region += 1;
    }
    for text in text.oblique {
        arranger.region += 1;
        let run = Run { text, ..Run::default() };
        arranger.lines.push(Line { cells: vec![run], region: arranger.region, turns: 0, role: Role::Plain });
    }
    arranger.lines
}

#[derive(Default)]
struct Arranger {
    lines: Vec<Line>,
    region: u32,
    turns: usize,
}

type Row = Vec<Run>;

impl Arranger {
    fn arrange(&mut self, runs: Vec<Run>, depth: u8) {
        let mut rows = rows(runs);
        let mut done = 0;
        let mut at = 0;
        while at < rows.len() {
            match columns(&rows, done, at).filter(|_| depth < MAX_DEPTH) {
                Some(band) => {
                    for row in &mut rows[done..band.start] {
                        self.push(std::mem::take(row));
                    }
                    let (mut left, mut right) = (Vec::new(), Vec::new());
                    for run in rows[band.start..band.end].iter_mut().flat_map(std::mem::take) {
                        if run.left < band.gutter { left.push(run) } else { right.push(run) }
                    }
                    self.region += 1;
                    self.arrange(left, depth + 1);
                    self.region += 1;
                    self.arrange(right, depth + 1);
                    self.region += 1;
                    done = band.end;
                    at = band.end;
                }
                None => at += 1,
            }
        }
        for row in rows.into_iter().skip(done) {
            self.push(row);
        }
    }

    fn push(&mut self, row: Row) {
        let cells = cells(row);
        if !cells.is_empty() {
            self.lines.push(Line { cells, region: self.region, turns: self.turns, role: Role::Plain });
        }
    }
}

/// Runs by baseline, from the top, each row from the left.
fn rows(mut runs: Vec<Run>) -> Vec<Row> {
    runs.sort_by(|a, b| b.y.total_cmp(&a.y));
    let mut rows: Vec<Row> = Vec::new();
    let (mut y, mut size) = (f32::NAN, 0.0_f32);
    for run in runs {
        match rows.last_mut() {
            Some(row) if (y - run.y).abs() <= SAME_ROW * size.min(run.size * 1.5) => {
                size = size.max(run.size);
                row.push(run);
            }
            _ => {
                (y, size) = (run.y, run.size);
                rows.push(vec![run]);
            }
        }
    }
    for row in &mut rows {
        row.sort_by(|a, b| a.left.total_cmp(&b.left));
    }
    rows
}

/// Joins the runs of a row that are only a space apart.
fn cells(row: Row) -> Vec<Run> {
    let mut cells: Vec<Run> = Vec::new();
    for run in row {
        match cells.last_mut() {
            Some(cell) if run.left - cell.right <= CELL_GAP * cell.size.max(run.size) => {
                // The longer part sets the size, so that a bullet does not make its line a heading.
                let touches =
                    run.left - cell.right < 0.12 * run.size && run.left >= cell.right - run.size * 0.5;
                if !touches {
                    cell.gaps.push(Gap { at: cell.text.len(), left: cell.right, right: run.left });
                    cell.text.push(' ');
                }
                let shift = cell.text.len();
                cell.gaps.extend(run.gaps.iter().map(|gap| Gap { at: gap.at + shift, ..*gap }));
                cell.text.push_str(&run.text);
                cell.right = cell.right.max(run.right);
                cell.bold += run.bold;
                if cell.text.len() < run.text.len() * 2 {
                    cell.size = run.size;
                }
            }
            _ => cells.push(run),
        }
    }
    cells
}

/// Rows `start..end` have text on both sides of the white at `gutter`.
struct Band {
    start: usize,
    end: usize,
    gutter: f32,
}

/// Columns of prose around row `at`, looking back no further than `floor`.
fn columns(rows: &[Row], floor: usize, at: usize) -> Option<Band> {
    let mut seeds: Vec<_> = gaps(&rows[at]).into_iter().map(|gap| (gap, false)).collect();
    if seeds.is_empty() {
        seeds.extend(staggered(rows, at).into_iter().map(|gap| (gap, true)));
    }
    let mut best: Option<(f32, Band)> = None;
    for ((mut left, mut right), is_staggered) in seeds {
        let fits = |row: &Row, left: &mut f32, right: &mut f32| {
            let (mut l, mut r) = (*left, *right);
            for run in row {
                let middle = f32::midpoint(l, r);
                if run.right <= middle {
                    l = l.max(run.right);
                } else if run.left >= middle {
                    r = r.min(run.left);
                } else {
                    return false;
                }
            }
            let size = row.iter().map(|run| run.size).fold(0.0, f32::max);
            let wide = r - l >= GUTTER * size;
            if wide {
                (*left, *right) = (l, r);
            }
            wide
        };
        let mut end = at + 1;
        while end < rows.len() && fits(&rows[end], &mut left, &mut right) {
            end += 1;
        }
        let mut start = at;
        while start > floor && fits(&rows[start - 1], &mut left, &mut right) {
            start -= 1;
        }
        let gutter = f32::midpoint(left, right);
        let band = trim(rows, Band { start, end, gutter });
        if best.as_ref().is_none_or(|(width, _)| right - left > *width)
            && is_columns(&rows[band.start..band.end], gutter, is_staggered)
        {
            best = Some((right - left, band));
        }
    }
    best.map(|(_, band)| band)
}

/// The white between a row and the next where they are closer than lines of one column: columns whose
/// lines never stand level.
fn staggered(rows: &[Row], at: usize) -> Vec<(f32, f32)> {
    let (row, Some(next)) = (&rows[at], rows.get(at + 1)) else { return Vec::new() };
    let size = row.iter().chain(next).map(|run| run.size).fold(0.0, f32::max);
    if row[0].y - next[0].y >= 0.95 * size {
        return Vec::new();
    }
    let mut both: Row = row.iter().chain(next).cloned().collect();
    both.sort_by(|a, b| a.left.total_cmp(&b.left));
    gaps(&both)
}

/// The white between neighbours of a row that is wide enough to part columns.
fn gaps(row: &Row) -> Vec<(f32, f32)> {
    let mut found = Vec::new();
    let mut right = f32::NEG_INFINITY;
    for run in row {
        if right.is_finite() && run.left - right >= GUTTER * run.size {
            found.push((right, run.left));
        }
        right = right.max(run.right);
    }
    found
}

/// Rows at either end that stand on one side only and far from the rest belong to no column.
fn trim(rows: &[Row], mut band: Band) -> Band {
    let far = |a: &Row, b: &Row| (a[0].y - b[0].y).abs() > 2.5 * a[0].size.max(b[0].size);
    while band.end - band.start > 1 && far(&rows[band.end - 1], &rows[band.end - 2]) {
        band.end -= 1;
    }
    while band.end - band.start > 1 && far(&rows[band.start], &rows[band.start + 1]) {
        band.start += 1;
    }
    band
}

/// What stands on one side of a gutter.
#[derive(Default)]
struct Side {
    rows: usize,
    letters: usize,
    width: f32,
    widest: f32,
}

impl Side {
    fn add<'a>(&mut self, runs: impl Iterator<Item = &'a Run>) -> bool {
        let (mut left, mut right, mut letters) = (f32::INFINITY, f32::NEG_INFINITY, 0);
        for run in runs {
            left = left.min(run.left);
            right = right.max(run.right);
            // Figures are no prose, however many.
            letters += run.text.chars().filter(|c| !c.is_ascii_digit()).count();
        }
        if letters == 0 {
            return false;
        }
        self.rows += 1;
        self.letters += letters;
        self.width += right - left;
        self.widest = self.widest.max(right - left);
        true
    }

    /// Lines that are long, and mostly as wide as the column.
    #[allow(clippy::cast_precision_loss, reason = "rows of a page are few")]
    fn is_prose(&self) -> bool {
        self.rows >= MIN_ROWS
            && self.letters >= PROSE_LETTERS * self.rows
            && self.width >= 0.6 * self.widest * self.rows as f32
    }
}

/// Whether `rows` are two columns to be read one after the other, rather than a table. Lines that never
/// stand level may also be prices set lower than their services, so those have to be prose.
fn is_columns(rows: &[Row], gutter: f32, is_staggered: bool) -> bool {
    let (mut left, mut right, mut both) = (Side::default(), Side::default(), 0);
    for row in rows {
        let has_left = left.add(row.iter().filter(|run| run.left < gutter));
        let has_right = right.add(row.iter().filter(|run| run.left >= gutter));
        both += usize::from(has_left && has_right);
    }
    let fewer = left.rows.min(right.rows);
    // Blocks side by side that keep no common rows, like sender and recipient of a letter.
    let independent = !is_staggered && fewer >= 2 && both * 2 < fewer;
    (independent || (left.is_prose() && right.is_prose())) && !keeps_rows(rows, gutter)
}

/// Whether white across both sides recurs: the rows of a table whose cells have several lines.
/// Paragraphs of two columns seldom end at the same height. What is usual is measured within a side:
/// the lines of the other may stand between.
fn keeps_rows(rows: &[Row], gutter: f32) -> bool {
    let is_left = |run: &&Run| run.left < gutter;
    let left = usual_pitch(rows.iter().filter_map(|row| row.iter().find(is_left)));
    let right = usual_pitch(rows.iter().filter_map(|row| row.iter().find(|run| !is_left(run))));
    let usual = left.min(right);
    let wide = rows.windows(2).filter(|pair| pair[0][0].y - pair[1][0].y > usual * 1.35).count();
    wide >= 2 && wide * 6 >= rows.len()
}

/// The distance of lines in a paragraph; infinite where there are no two.
fn usual_pitch<'a>(lines: impl Iterator<Item = &'a Run>) -> f32 {
    let ys: Vec<f32> = lines.map(|run| run.y).collect();
    let mut pitches: Vec<f32> =
        ys.windows(2).map(|pair| pair[0] - pair[1]).filter(|pitch| *pitch > 2.0).collect();
    pitches.sort_by(f32::total_cmp);
    pitches.get(pitches.len() / 4).copied().unwrap_or(f32::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str, left: f32, y: f32) -> Run {
        // Half an em a letter, as most type has.
        #[allow(clippy::cast_precision_loss)]
        let right = left + text.chars().count() as f32 * 5.0;
        Run { text: text.to_owned(), left, right, y, size: 10.0, ..Run::default() }
    }

    fn read(runs: Vec<Run>) -> Vec<String> {
        let text = PageText { directions: [runs, vec![], vec![], vec![]], ..PageText::default() };
        let joined = |line: Line| line.cells.into_iter().map(|run| run.text).collect::<Vec<_>>().join(" | ");
        lines(text).into_iter().map(joined).collect()
    }

    #[test]
    fn rows_of_a_table_stay_rows() {
        let runs = vec![
            run("R$ 50", 200.0, 700.0),
            run("Banho", 50.0, 700.5),
            run("Tosa", 50.0, 680.0),
            run("R$ 90", 200.0, 680.0),
            run("Consulta", 50.0, 660.0),
            run("R$ 120", 200.0, 660.0),
        ];
        assert_eq!(read(runs), ["Banho | R$ 50", "Tosa | R$ 90", "Consulta | R$ 120"]);
    }

    #[test]
    fn columns_of_prose_are_read_one_after_the_other() {
        let mut runs = vec![run("Um título que vai de um lado ao outro da página inteira", 50.0, 740.0)];
        for (n, y) in [700.0, 688.0, 676.0, 664.0].into_iter().enumerate() {
            runs.push(run(&format!("direita linha número {n} de texto"), 300.0, y));
            runs.push(run(&format!("esquerda linha número {n} de texto"), 50.0, y));
        }
        let found = read(runs);
        assert!(found[0].starts_with("Um título"));
        assert!(found[1..5].iter().all(|line| line.starts_with("esquerda")), "{found:?}");
        assert!(found[5..].iter().all(|line| line.starts_with("direita")), "{found:?}");
    }

    #[test]
    fn long_cells_with_white_between_their_rows_are_a_table() {
        let mut runs = Vec::new();
        let mut y = 700.0;
        for row in 0..4 {
            for line in 0..2 {
                runs.push(run(&format!("pergunta {row} com sua linha {line} aqui"), 50.0, y));
                runs.push(run(&format!("resposta {row} com sua linha {line} aqui"), 300.0, y));
                y -= 12.0;
            }
            y -= 10.0;
        }
        assert!(read(runs).iter().all(|line| line.contains(" | ")));
    }

    #[test]
    fn columns_whose_lines_never_stand_level_are_read_one_after_the_other() {
        let mut runs = Vec::new();
        for (n, y) in [700.0, 688.0, 676.0, 664.0, 652.0].into_iter().enumerate() {
            runs.push(run(&format!("esquerda linha número {n} de texto"), 50.0, y));
            runs.push(run(&format!("direita linha número {n} de texto"), 300.0, y - 5.0));
        }
        let found = read(runs);
        assert!(found[..5].iter().all(|line| line.starts_with("esquerda")), "{found:?}");
        assert!(found[5..].iter().all(|line| line.starts_with("direita")), "{found:?}");
    }

    #[test]
    fn prices_set_a_little_lower_stay_beside_their_services() {
        let mut runs = Vec::new();
        for (n, y) in [700.0, 680.0, 660.0, 640.0].into_iter().enumerate() {
            runs.push(run(&format!("Serviço {n} de banho e tosa"), 50.0, y));
            runs.push(run(&format!("R$ {n}0"), 300.0, y - 5.0));
        }
        let found = read(runs);
        assert!(
            found.chunks(2).all(|pair| pair[0].starts_with("Serviço") && pair[1].starts_with("R$")),
            "{found:?}"
        );
    }

    #[test]
    fn a_label_centred_beside_its_lines_stays_with_them() {
        let mut runs = Vec::new();
        let mut y = 700.0;
        for row in 0..4 {
            runs.push(run(&format!("resposta {row} que tem duas linhas, a primeira"), 200.0, y));
            runs.push(run(&format!("Pergunta {row}"), 50.0, y - 6.0));
            runs.push(run(&format!("e a segunda linha da resposta {row}, aqui"), 200.0, y - 12.0));
            y -= 34.0;
        }
        // One label that stands level with a line by chance.
        runs.push(run("Nota", 50.0, y));
        runs.push(run("resposta final", 200.0, y));
        let found = read(runs);
        assert!(
            found[..12]
                .chunks(3)
                .enumerate()
                .all(|(row, lines)| lines.iter().all(|l| l.contains(&row.to_string()))),
            "{found:?}"
        );
    }

    #[test]
    fn touching_runs_are_one_word_and_near_ones_two() {
        let mut second = run("mos", 75.0, 700.0);
        second.left = 75.2;
        assert_eq!(read(vec![run("Ofere", 50.0, 700.0), second, run("já", 95.0, 700.0)]), ["Oferemos já"]);
    }
}
