//! Quotes out of tables: the rows that answer, each value under the name of its column. Pure.
//!
//! A row of prices alone says nothing to a customer, and the whole table says too much. Where the question names a
//! column, values of its siblings are left out; what is no value (a condition, a remark) stays.

use super::Evidence;
use crate::model::Locale;
use crate::text::table::{cells, is_row, names_columns, shows_value};
use crate::text::{QueryTerm, fold, has_term, passage_terms, sentence_spans};

/// Rows quoted at most: more are an overview, which is better quoted as it stands.
const MAX_ROWS: usize = 6;

/// The rows of `content` that have most of the question, in at most `budget` characters. None where something
/// else has more of it, or where the columns have no names.
pub(super) fn quote(
    content: &str,
    evidence: &Evidence,
    language: Locale,
    least: f32,
    budget: usize,
) -> Option<String> {
    if !content.lines().any(is_row) {
        return None;
    }
    let terms = &evidence.terms;
    let weigh = |found: &[bool]| -> f32 {
        terms.iter().zip(found).filter(|(_, found)| **found).map(|(term, _)| term.weight).sum()
    };
    let mut best = Best::default();
    let mut elsewhere = 0.0_f32;
    for block in content.split("\n\n") {
        let lines: Vec<&str> = block.lines().collect();
        let first = lines.iter().position(|line| is_row(line));
        let table =
            first.filter(|&first| names_columns(lines[first..].iter().copied().filter(|l| is_row(l))));
        let Some(first) = table else {
            let sentences =
                sentence_spans(block).into_iter().map(|span| weigh(&found(&block[span], terms, language)));
            elsewhere = sentences.fold(elsewhere, f32::max);
            continue;
        };
        let shared = found(&lines[..=first].join("\n"), terms, language);
        let mut section: Option<&str> = None;
        for line in &lines[first + 1..] {
            if !is_row(line) {
                section = Some(line);
                continue;
            }
            let text = section.map_or_else(|| (*line).to_owned(), |section| format!("{section} {line}"));
            let own = found(&text, terms, language);
            let all: Vec<bool> = own.iter().zip(&shared).map(|(own, shared)| *own || *shared).collect();
            best.take(weigh(&own), weigh(&all), Row { header: lines[first], section, line });
        }
    }
    if best.rows.is_empty()
        || best.rows.len() > MAX_ROWS
        || best.own <= 0.0
        || best.all < least
        || best.all < elsewhere
    {
        return None;
    }
    let asked = words(&evidence.question);
    let quoted = best.rows.iter().map(|row| row.told(&asked)).collect::<Vec<_>>().join("\n");
    (quoted.chars().count() <= budget).then_some(quoted)
}

fn found(text: &str, terms: &[QueryTerm], language: Locale) -> Vec<bool> {
    let passage = passage_terms(text, language);
    terms.iter().map(|asked| has_term(&passage, text, asked)).collect()
}

/// A row, and what stands over it.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    header: &'a str,
    section: Option<&'a str>,
    line: &'a str,
}

/// The rows that have most of the question by themselves.
#[derive(Debug, Default)]
struct Best<'a> {
    own: f32,
    /// What they have together with the names of their columns.
    all: f32,
    rows: Vec<Row<'a>>,
}

impl<'a> Best<'a> {
    fn take(&mut self, own: f32, all: f32, row: Row<'a>) {
        if own > self.own + f32::EPSILON {
            *self = Self { own, all, rows: vec![row] };
        } else if own + f32::EPSILON >= self.own {
            self.all = self.all.max(all);
            self.rows.push(row);
        }
    }
}

impl Row<'_> {
    /// `Tosa golden: Porte P R$ 70; Porte G R$ 90`
    fn told(&self, asked: &[String]) -> String {
        let (names, values) = (cells(self.header), cells(self.line));
        let chosen = chosen(&names, asked);
        let told = names.iter().zip(&values).enumerate().skip(1).filter(|(at, (_, value))| {
            !value.is_empty() && (chosen.is_empty() || chosen.contains(at) || !shows_value(value))
        });
        let told: Vec<String> = told
            .map(
                |(_, (name, value))| {
                    if name.is_empty() { (*value).to_owned() } else { format!("{name} {value}") }
                },
            )
            .collect();
        let first = values.first().copied().unwrap_or_default();
        let section = self.section.map(|section| format!("{section}, ")).unwrap_or_default();
        // What stands beyond the last name belongs to nobody, and is told as it is.
        let rest = values.iter().skip(names.len()).filter(|value| !value.is_empty()).copied();
        let told = told.iter().map(String::as_str).chain(rest).collect::<Vec<_>>().join("; ");
        match (first.is_empty(), told.is_empty()) {
            (_, true) => format!("{section}{first}"),
            (true, false) => format!("{section}{told}"),
            (false, false) => format!("{section}{first}: {told}"),
        }
    }
}

/// The columns that a question names: those whose whole name stands in it, and those that are called the same and
/// more.
fn chosen(names: &[&str], asked: &[String]) -> Vec<usize> {
    let names: Vec<Vec<String>> = names.iter().map(|name| words(name)).collect();
    let is_asked =
        |name: &[String]| !name.is_empty() && asked.windows(name.len()).any(|window| window == name);
    let found: Vec<&Vec<String>> = names.iter().skip(1).filter(|name| is_asked(name)).collect();
    let goes_with =
        |name: &Vec<String>| found.iter().any(|found| found.iter().all(|word| name.contains(word)));
    (1..names.len()).filter(|&at| goes_with(&names[at])).collect()
}

fn words(text: &str) -> Vec<String> {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Guarda-sóis, verão de 2031:\nTipo | Meio dia | Dia inteiro | Observação\n\
                         Guarda-sol simples | R$ 18,00 | R$ 27,00\nGuarda-sol duplo | R$ 33,00 | R$ 44,00 | só nos fins de semana\n\
                         Cadeira | | R$ 9,00";

    fn asked(question: &str) -> Option<String> {
        let terms = crate::text::query_terms(question, Locale::Portuguese);
        let evidence = Evidence {
            question: question.into(),
            terms,
            language: Locale::Portuguese,
            days: crate::text::Days::NONE,
            sure: 1,
            hits: Vec::new(),
        };
        quote(TABLE, &evidence, Locale::Portuguese, 0.3, 420)
    }

    #[test]
    fn one_row_is_told_under_the_names_of_its_columns() {
        assert_eq!(
            asked("quanto custa o guarda-sol simples?").as_deref(),
            Some("Guarda-sol simples: Meio dia R$ 18,00; Dia inteiro R$ 27,00")
        );
        assert_eq!(asked("e a cadeira?").as_deref(), Some("Cadeira: Dia inteiro R$ 9,00"));
    }

    #[test]
    fn a_column_that_is_named_is_told_alone_but_for_its_conditions() {
        assert_eq!(
            asked("guarda-sol duplo por dia inteiro, quanto é?").as_deref(),
            Some("Guarda-sol duplo: Dia inteiro R$ 44,00; Observação só nos fins de semana")
        );
    }

    #[test]
    fn rows_that_answer_alike_are_all_told() {
        let told = asked("preço do guarda-sol").unwrap();
        assert!(
            told.contains("simples: Meio") && told.contains("duplo: Meio") && !told.contains("Cadeira"),
            "{told}"
        );
    }

    #[test]
    fn what_no_row_has_is_not_answered_by_a_row() {
        assert_eq!(asked("vocês têm estacionamento?"), None);
    }
}
