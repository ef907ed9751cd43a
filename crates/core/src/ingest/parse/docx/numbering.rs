//! The numbers of lists and clauses, which Word does not store with their text.
//!
//! "Cláusula 3.2" is what a customer asks about, and in the file the paragraph only says "level 2 of
//! list 5". So the counting is done again here: per list and level, with the level's own pattern.
//! Bullets of any shape become a dash. Picture bullets and languages' own numerals do not exist here.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::package::{Visitor, attribute};

const LEVELS: usize = 9;

/// A list: a use of a definition, whose numbers it goes on with where it does not start anew.
#[derive(Debug, Clone, Default)]
struct List {
    definition: String,
    /// Numbers from which its levels start when the list is first met there.
    starts: [Option<u32>; LEVELS],
    /// Levels it counts in its own way.
    levels: HashMap<usize, Level>,
}

/// How one level of a list counts.
#[derive(Debug, Clone)]
struct Level {
    format: String,
    /// `%1.%2.`: the counters of the levels up to this one.
    pattern: String,
    start: u32,
}

impl Default for Level {
    fn default() -> Self {
        Self { format: "decimal".to_owned(), pattern: String::new(), start: 1 }
    }
}

/// The list definitions of a document, and how far each has counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbering {
    abstracts: HashMap<String, Vec<Level>>,
    lists: HashMap<String, List>,
    /// How far each definition has counted.
    counters: HashMap<String, [u32; LEVELS]>,
    open_abstract: Option<String>,
    open_level: Option<usize>,
    open_list: Option<String>,
}

impl Numbering {
    /// The list whose overrides are being read.
    fn current(&mut self) -> Option<&mut List> {
        self.lists.get_mut(self.open_list.as_ref()?)
    }

    /// The marker of the next paragraph at `level` (from 0) of list `id`, e.g. `- ` or `2.1. `.
    pub(super) fn next(&mut self, id: &str, level: u8) -> String {
        const DASH: &str = "- ";
        let level = usize::from(level).min(LEVELS - 1);
        let Some(list) = self.lists.get_mut(id) else { return DASH.to_owned() };
        let Some(levels) = self.abstracts.get(&list.definition) else { return DASH.to_owned() };
        let of = |at: usize| list.levels.get(&at).or_else(|| levels.get(at));
        let Some(this) = of(level) else { return DASH.to_owned() };
        let counters = self.counters.entry(list.definition.clone()).or_insert([0; LEVELS]);
        let start = |at: usize| of(at).map_or(1, |l| l.start);
        for (at, counter) in counters.iter_mut().enumerate() {
            if at < level && *counter == 0 {
                *counter = start(at);
            } else if at == level {
                *counter = match list.starts[at].take() {
                    Some(first) => first,
                    None if *counter == 0 => start(at),
                    None => counter.saturating_add(1),
                };
            } else if at > level {
                *counter = 0;
            }
        }
        match this.format.as_str() {
            "bullet" => DASH.to_owned(),
            "none" => String::new(),
            _ => fill(&this.pattern, counters, |at| of(at).map_or("decimal", |l| &l.format)),
        }
    }
}

fn fill<'a>(pattern: &str, counters: &[u32; LEVELS], format: impl Fn(usize) -> &'a str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let digit = (c == '%').then(|| chars.clone().next().and_then(|d| d.to_digit(10))).flatten();
        match digit {
            Some(at @ 1..=9) => {
                chars.next();
                let at = at as usize - 1;
                out.push_str(&write_number(counters[at].max(1), format(at)));
            }
            _ => out.push(c),
        }
    }
    let mut out = out.trim().to_owned();
    if !out.is_empty() {
        out.push(' ');
    }
    out
}

fn write_number(n: u32, format: &str) -> String {
    match format {
        "lowerLetter" => letters(n),
        "upperLetter" => letters(n).to_uppercase(),
        "lowerRoman" => roman(n),
        "upperRoman" => roman(n).to_uppercase(),
        "decimalZero" => format!("{n:02}"),
        "ordinal" => format!("{n}º"),
        _ => n.to_string(),
    }
}

/// a … z, aa … zz, as Word counts.
fn letters(n: u32) -> String {
    let letter = char::from(b'a' + ((n - 1) % 26) as u8);
    letter.to_string().repeat(((n - 1) / 26 + 1).min(9) as usize)
}

fn roman(mut n: u32) -> String {
    const VALUES: [(u32, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    if n >= 4_000 {
        return n.to_string();
    }
    let mut out = String::new();
    for (value, text) in VALUES {
        while n >= value {
            out.push_str(text);
            n -= value;
        }
    }
    out
}

impl Visitor for Numbering {
    fn open(&mut self, name: &str, tag: &BytesStart<'_>) {
        let value = || attribute(tag, "val");
        match name {
            "abstractNum" => {
                self.open_abstract = attribute(tag, "abstractNumId");
                if let Some(id) = &self.open_abstract {
                    self.abstracts.insert(id.clone(), vec![Level::default(); LEVELS]);
                }
            }
            "lvl" | "lvlOverride" => {
                let level = attribute(tag, "ilvl").and_then(|v| v.parse().ok());
                self.open_level = level.filter(|level| *level < LEVELS);
            }
            "num" => self.open_list = attribute(tag, "numId"),
            "abstractNumId" => {
                if let (Some(list), Some(definition)) = (&self.open_list, value()) {
                    self.lists.insert(list.clone(), List { definition, ..List::default() });
                }
            }
            "startOverride" => {
                if let (Some(at), Some(list)) = (self.open_level, self.current()) {
                    list.starts[at] = value().and_then(|v| v.parse().ok());
                }
            }
            "start" | "numFmt" | "lvlText" => {
                let Some(at) = self.open_level else { return };
                let level = match &self.open_abstract {
                    Some(definition) => self.abstracts.get_mut(definition).and_then(|l| l.get_mut(at)),
                    None => self.current().map(|list| list.levels.entry(at).or_default()),
                };
                let Some(level) = level else { return };
                match name {
                    "start" => level.start = value().and_then(|v| v.parse().ok()).unwrap_or(1),
                    "numFmt" => level.format = value().unwrap_or_default(),
                    _ => level.pattern = value().unwrap_or_default(),
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "abstractNum" => self.open_abstract = None,
            "lvl" | "lvlOverride" => self.open_level = None,
            "num" => self.open_list = None,
            _ => {}
        }
    }

    fn text(&mut self, _: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_count_by_level_and_restart_below() {
        let level =
            |format: &str, pattern: &str| Level { format: format.into(), pattern: pattern.into(), start: 1 };
        let mut numbering = Numbering::default();
        let levels = vec![level("decimal", "%1."), level("decimal", "%1.%2"), level("lowerLetter", "%3)")];
        numbering.abstracts.insert("0".into(), levels);
        numbering.lists.insert("5".into(), List { definition: "0".into(), ..List::default() });
        let mut next = |at| numbering.next("5", at);
        let found = [next(0), next(1), next(1), next(2), next(2), next(0), next(1)];
        assert_eq!(found, ["1. ", "1.1 ", "1.2 ", "a) ", "b) ", "2. ", "2.1 "]);
    }

    #[test]
    fn a_list_that_starts_anew_says_where_and_leaves_its_parents_alone() {
        let level =
            |format: &str, pattern: &str| Level { format: format.into(), pattern: pattern.into(), start: 1 };
        let mut numbering = Numbering::default();
        numbering.abstracts.insert("0".into(), vec![level("decimal", "%1."), level("decimal", "%1.%2")]);
        let list = |starts: &[(usize, u32)]| {
            let mut list = List { definition: "0".into(), ..List::default() };
            for (at, n) in starts {
                list.starts[*at] = Some(*n);
            }
            list
        };
        numbering.lists.insert("1".into(), list(&[]));
        numbering.lists.insert("2".into(), list(&[(1, 4)]));
        numbering.lists.insert("3".into(), list(&[(0, 10)]));
        let mut next = |id, at| numbering.next(id, at);
        let found = [next("1", 0), next("1", 0), next("1", 1), next("2", 1), next("2", 1), next("1", 0)];
        assert_eq!(found, ["1. ", "2. ", "2.1 ", "2.4 ", "2.5 ", "3. "]);
        assert_eq!([next("3", 0), next("3", 0), next("3", 1)], ["10. ", "11. ", "11.1 "]);
    }

    #[test]
    fn an_unknown_list_has_dashes() {
        assert_eq!(Numbering::default().next("9", 200), "- ");
    }

    #[test]
    fn numerals() {
        assert_eq!([roman(4), roman(1999), letters(1), letters(28)], ["iv", "mcmxcix", "a", "bb"]);
    }
}
