//! Prices back to what they are the price of.
//!
//! On a price list with its figures far to the right Tesseract sees two columns and reads first all
//! services, then all prices. A block of nothing but short figures, most of which stand level with a
//! line of another block, is the rest of those lines. Columns of prose are left alone.

use std::collections::BTreeSet;

use super::words::Word;

/// A line with more letters or words than this is no figure.
const MAX_FIGURE: usize = 18;
const MAX_FIGURE_WORDS: usize = 4;
/// Lines with more words than this, on average, are prose.
const MAX_ITEM_WORDS: usize = 7;

struct Line<'a> {
    words: Vec<Word<'a>>,
}

impl Line<'_> {
    fn block(&self) -> u32 {
        self.words.first().map_or(0, |word| word.line.0)
    }

    fn left(&self) -> i64 {
        self.words.iter().map(|w| w.left).min().unwrap_or(0)
    }

    fn right(&self) -> i64 {
        self.words.iter().map(|w| w.left + w.width).max().unwrap_or(0)
    }

    fn top(&self) -> i64 {
        self.words.iter().map(|w| w.top).min().unwrap_or(0)
    }

    fn height(&self) -> i64 {
        self.words.iter().map(|w| w.top + w.height).max().unwrap_or(0) - self.top()
    }

    /// Twice the height of its middle, so that it is a whole number.
    fn middle(&self) -> i64 {
        self.top() * 2 + self.height()
    }

    fn is_figure(&self) -> bool {
        let letters: usize = self.words.iter().map(|w| w.text.chars().count()).sum();
        self.words.len() <= MAX_FIGURE_WORDS
            && letters <= MAX_FIGURE
            && self.words.iter().any(|w| w.text.contains(|c: char| c.is_ascii_digit()))
    }

    /// Whether both stand level and side by side; the distance if they do.
    fn beside(&self, other: &Self) -> Option<i64> {
        let level = (self.middle() - other.middle()).abs() <= self.height().max(other.height());
        let apart = (self.left() - other.right()).max(other.left() - self.right());
        (level && apart > 0).then_some(apart)
    }
}

/// The words with those of a block of figures put into the lines they belong to.
pub(super) fn reunite(words: Vec<Word<'_>>) -> Vec<Word<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.words[0].line == word.line => line.words.push(word),
            _ => lines.push(Line { words: vec![word] }),
        }
    }
    let blocks: BTreeSet<u32> = lines.iter().map(Line::block).collect();
    let mut figures: Vec<(i64, u32)> = blocks
        .iter()
        .filter_map(|block| {
            let own = || lines.iter().filter(|line| line.block() == *block);
            let (all, short) = (own().count(), own().filter(|line| line.is_figure()).count());
            (all >= 2 && short * 3 >= all * 2).then(|| (own().map(Line::left).min().unwrap_or(0), *block))
        })
        .collect();
    // From the left, so that the second column of prices finds the first in its line already.
    figures.sort_unstable();
    let others: BTreeSet<u32> =
        blocks.into_iter().filter(|block| !figures.iter().any(|(_, figure)| figure == block)).collect();
    for (_, block) in figures {
        reunite_block(&mut lines, block, &others);
    }
    lines.into_iter().flat_map(|line| line.words).collect()
}

fn reunite_block(lines: &mut [Line<'_>], block: u32, others: &BTreeSet<u32>) {
    let own: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].block() == block).collect();
    let pairs: Vec<(usize, usize)> = own
        .iter()
        .filter_map(|at| {
            let near = |to: &usize| Some((lines[*at].beside(&lines[*to])?, *to));
            let found = (0..lines.len()).filter(|to| others.contains(&lines[*to].block()));
            Some((*at, found.filter_map(|to| near(&to)).min()?.1))
        })
        .collect();
    let words: usize = pairs.iter().map(|(_, to)| lines[*to].words.len()).sum();
    let targets: BTreeSet<usize> = pairs.iter().map(|(_, to)| *to).collect();
    let is_list = pairs.len() * 3 >= own.len() * 2
        && targets.len() == pairs.len()
        && words <= MAX_ITEM_WORDS * pairs.len();
    if !is_list {
        return;
    }
    for (at, to) in pairs {
        let mut moved = std::mem::take(&mut lines[at].words);
        let Some(line) = lines[to].words.first().map(|word| word.line) else { continue };
        let is_left = moved.first().map(|w| w.left) < lines[to].words.first().map(|w| w.left);
        for word in &mut moved {
            word.line = line;
        }
        let target = &mut lines[to].words;
        let (mut first, mut second) =
            if is_left { (moved, std::mem::take(target)) } else { (std::mem::take(target), moved) };
        if let Some(word) = second.first_mut() {
            word.begins_cell = true;
        }
        first.append(&mut second);
        *target = first;
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::super::words::into_blocks;

    /// `(block, line, left, top, text)` as Tesseract prints it, ten pixels a letter.
    fn read(lines: &[(u32, u32, u32, u32, &str)]) -> Vec<String> {
        let mut table = String::new();
        for (block, line, left, top, text) in lines {
            let mut left = *left;
            for word in text.split(' ') {
                let width = u32::try_from(word.chars().count()).unwrap() * 10;
                writeln!(table, "5\t1\t{block}\t1\t{line}\t1\t{left}\t{top}\t{width}\t20\t95\t{word}")
                    .unwrap();
                left += width + 10;
            }
        }
        into_blocks(&table).into_iter().map(|block| block.text).collect()
    }

    #[test]
    fn prices_far_to_the_right_are_put_beside_their_services() {
        let found = read(&[
            (1, 1, 50, 10, "Tabela de preços"),
            (2, 1, 50, 100, "Banho simples"),
            (2, 2, 50, 140, "Tosa higiênica"),
            (2, 3, 50, 180, "Hidratação"),
            (3, 1, 600, 104, "R$ 50,00"),
            (3, 2, 600, 143, "R$ 40,00"),
            (3, 3, 600, 183, "R$ 35,00"),
            (4, 1, 800, 101, "30 min"),
            (4, 2, 800, 141, "20 min"),
            (4, 3, 800, 181, "15 min"),
        ]);
        assert_eq!(
            found,
            [
                "Tabela de preços",
                "Banho simples | R$ 50,00 | 30 min",
                "Tosa higiênica | R$ 40,00 | 20 min",
                "Hidratação | R$ 35,00 | 15 min"
            ]
        );
    }

    #[test]
    fn columns_of_prose_and_figures_of_their_own_stay_apart() {
        let prose = "O banho dos cães de porte grande leva mais tempo";
        let columns = [
            (1, 1, 50, 100, prose),
            (1, 2, 50, 140, prose),
            (2, 1, 700, 100, prose),
            (2, 2, 700, 140, prose),
            (3, 1, 1_300, 100, "3555-0142"),
            (3, 2, 1_300, 140, "das 8h"),
        ];
        assert_eq!(
            read(&columns),
            [format!("{prose}\n{prose}"), format!("{prose}\n{prose}"), "3555-0142\ndas 8h".into()]
        );
        let below = [
            (1, 1, 50, 100, "Banho simples"),
            (1, 2, 50, 140, "Tosa"),
            (2, 1, 600, 300, "10"),
            (2, 2, 600, 340, "20"),
        ];
        assert_eq!(read(&below), ["Banho simples\nTosa", "10\n20"]);
    }
}
