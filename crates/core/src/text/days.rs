//! Days of the week as shops and customers write them: "seg a sex", "2ª a 6ª", "sab/dom", "todos os dias", "weekdays".
//!
//! Short forms are other words too ("ter", "sex", "sat"), and so are ordinals ("segunda via"): they count as days only
//! where what stands beside them says so.

use chrono::Weekday;

use super::fold::fold;
use super::week::{Days, WEEK};

/// Names, Monday first; folded.
const NAMES: [&str; 7] = [
    "monday mondays lunes",
    "tuesday tuesdays martes",
    "wednesday wednesdays miercoles",
    "thursday thursdays jueves",
    "friday fridays viernes",
    "saturday saturdays sabado sabados",
    "sunday sundays domingo domingos",
];
/// Names that are ordinals too.
const ORDINALS: [&str; 7] =
    ["segunda segundas", "terca tercas", "quarta quartas", "quinta quintas", "sexta sextas", "", ""];
/// Short forms.
const SHORT: [&str; 7] = [
    "seg segs mon lun",
    "ter tue tues mar",
    "qua wed weds mie mier",
    "qui thu thur thurs jue",
    "sex fri vie",
    "sab sabs sat",
    "dom doms sun",
];
/// Short forms that in a question are days wherever they stand.
const ASKED: &str = "seg qua qui sex sab dom";

/// Several days at once.
const GROUPS: [(&str, Days); 27] = [
    ("dias uteis", Days::WORKING),
    ("dia util", Days::WORKING),
    ("dias de semana", Days::WORKING),
    ("dia de semana", Days::WORKING),
    ("durante a semana", Days::WORKING),
    ("weekday", Days::WORKING),
    ("weekdays", Days::WORKING),
    ("dias laborables", Days::WORKING),
    ("dias habiles", Days::WORKING),
    ("entre semana", Days::WORKING),
    ("fim de semana", Days::WEEKEND),
    ("fins de semana", Days::WEEKEND),
    ("final de semana", Days::WEEKEND),
    ("finais de semana", Days::WEEKEND),
    ("fds", Days::WEEKEND),
    ("weekend", Days::WEEKEND),
    ("weekends", Days::WEEKEND),
    ("fin de semana", Days::WEEKEND),
    ("fines de semana", Days::WEEKEND),
    ("todos os dias", Days::ALL),
    ("todo dia", Days::ALL),
    ("todos dias", Days::ALL),
    ("diariamente", Days::ALL),
    ("every day", Days::ALL),
    ("everyday", Days::ALL),
    ("daily", Days::ALL),
    ("todos los dias", Days::ALL),
];

/// Between the first day and the last.
const RANGE: &str = "a ate to till until through thru al hasta";
/// Between days of a list.
const LIST: &str = "e ou y o and or de da das do aos as na nas no nos";
/// After a day that is a day.
const AFTER: &str = "das de da as a ate e ou nao tem temos abre abrimos abrem fecha fechamos fecham fechado fechada \
fechados folga funciona funcionamos funcionam atende atendemos atendem encerra encerramos from at closed open opens \
closes cerrado abierto somente apenas so plantao manha tarde noite";
/// Words of being shut, which follow a short form.
const SHUT: &str = "fechado fechada fechados fecha folga closed cerrado cerrada nao off descanso";
/// Before a day that is a day.
const BEFORE: &str = "na nas toda todas as proxima proximo nesta nesse essa on el los";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sure {
    Certain,
    Ordinal,
    Short,
    Numeral,
}

/// A piece of a line.
#[derive(Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Number(u32),
    Mark(char),
}

impl Token {
    fn is_in(&self, list: &str) -> bool {
        matches!(self, Self::Word(word) if is_in(list, word))
    }
}

pub(super) fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// The days that a text tells something of.
pub fn days_in(text: &str) -> Days {
    text.lines().map(|line| in_line(line, false)).fold(Days::NONE, Days::and)
}

/// The day that a folded word is the name or the short form of.
pub(super) fn day_named(folded: &str) -> Option<Weekday> {
    named(folded).map(|(day, _)| day)
}

/// What a day is called in full; the name in Portuguese first.
pub(super) fn names_of(day: Weekday) -> impl Iterator<Item = &'static str> {
    let index = day.num_days_from_monday() as usize;
    let (names, ordinals) = (NAMES[index], ORDINALS[index]);
    let portuguese = names.split_whitespace().filter(|name| ordinals.is_empty() && name.ends_with('o'));
    ordinals.split_whitespace().chain(portuguese).chain(names.split_whitespace())
}

fn named(word: &str) -> Option<(Weekday, Sure)> {
    let lists = [(NAMES, Sure::Certain), (ORDINALS, Sure::Ordinal), (SHORT, Sure::Short)];
    lists.into_iter().find_map(|(names, sure)| {
        let index = names.iter().position(|names| is_in(names, word))?;
        Some((WEEK[index], sure))
    })
}

pub(super) fn tokens(line: &str) -> Vec<Token> {
    let folded = fold(line);
    let mut out = Vec::new();
    let mut rest = folded.as_str();
    while let Some(first) = rest.chars().next() {
        let is = |c: char| {
            (first.is_alphabetic() && c.is_alphabetic()) || (first.is_ascii_digit() && c.is_ascii_digit())
        };
        // The mark of an ordinal is a letter to Unicode.
        let ordinal = |c: char| matches!(c, 'ª' | 'º');
        let end = rest.find(|c: char| !is(c) || ordinal(c)).unwrap_or(rest.len());
        if ordinal(first) || end == 0 {
            if !first.is_whitespace() {
                out.push(Token::Mark(first));
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (part, tail) = rest.split_at(end);
        out.push(match part.parse() {
            Ok(number) => Token::Number(number),
            Err(_) => Token::Word(part.to_owned()),
        });
        rest = tail;
    }
    out
}

/// A day that may be meant, and where it stands.
struct Candidate {
    day: Weekday,
    sure: Sure,
    at: usize,
    /// After it, with "-feira".
    end: usize,
    feira: bool,
}

pub(super) fn in_line(line: &str, asked: bool) -> Days {
    let tokens = tokens(line);
    let mut days = groups(&tokens);
    let found = candidates(&tokens);
    let mut counts: Vec<bool> = found.iter().map(|one| stands_alone(&tokens, one, asked)).collect();
    for (index, pair) in found.windows(2).enumerate() {
        let between = &tokens[pair[0].end..pair[1].at];
        let joined = between.iter().any(|t| t.is_in("e ou y o and or"));
        let range = !joined
            && between.len() <= 3
            && between.iter().any(|t| t.is_in(RANGE) || matches!(t, Token::Mark('-' | '–' | '—' | '~')))
            && between.iter().all(|t| {
                t.is_in(RANGE) || t.is_in(LIST) || matches!(t, Token::Mark('-' | '–' | '—' | '~' | '.'))
            });
        let list = between.len() <= 3
            && between
                .iter()
                .all(|t| t.is_in(LIST) || matches!(t, Token::Mark(',' | '/' | '+' | '&' | ';' | '.' | '|')));
        let numeral = pair.iter().any(|one| one.sure == Sure::Numeral && !one.feira);
        if range {
            days = days.and(Days::range(pair[0].day, pair[1].day));
        }
        if range || (list && !numeral) {
            counts[index] = true;
            counts[index + 1] = true;
        }
    }
    found
        .iter()
        .zip(counts)
        .filter(|(_, counts)| *counts)
        .fold(days, |days, (one, _)| days.and(Days::of(one.day)))
}

fn candidates(tokens: &[Token]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let (day, sure, mut end) = match token {
            Token::Word(word) => match named(word) {
                Some((day, sure)) => (day, sure, at + 1),
                None => continue,
            },
            // "2ª" is Monday, "2a" is written for it.
            Token::Number(number @ 2..=6) => match tokens.get(at + 1) {
                Some(Token::Mark('ª' | 'º')) => (WEEK[*number as usize - 2], Sure::Numeral, at + 2),
                Some(Token::Word(a)) if a == "a" => (WEEK[*number as usize - 2], Sure::Numeral, at + 2),
                _ => continue,
            },
            _ => continue,
        };
        let rest = &tokens[end..];
        let skip = usize::from(matches!(rest.first(), Some(Token::Mark('-' | '.' | '–'))));
        let feira = rest.get(skip).is_some_and(|t| t.is_in("feira feiras f"));
        if feira {
            end += skip + 1;
        }
        found.push(Candidate { day, sure, at, end, feira });
    }
    found
}

/// Whether what stands beside a day that is not in a row of days says that it is one.
fn stands_alone(tokens: &[Token], one: &Candidate, asked: bool) -> bool {
    let next = tokens.get(one.end);
    let marked = matches!(next, None | Some(Token::Mark(_) | Token::Number(_)));
    let begins =
        one.at == 0 || matches!(tokens[one.at - 1], Token::Mark('-' | '*' | '•' | '/' | '|' | '(' | ';'));
    let label = begins && matches!(next, None | Some(Token::Mark(':' | '|' | '-' | '–' | '—' | '=')));
    let timed = matches!(next, Some(Token::Number(0..=24)))
        || (next.is_some_and(|t| {
            t.is_in("das de as a ate dia from at") || matches!(t, Token::Mark(':' | '(' | ',' | '-' | '–'))
        }) && matches!(tokens.get(one.end + 1), Some(Token::Number(0..=24))));
    let shut = next.is_some_and(|t| t.is_in(SHUT))
        || (matches!(next, Some(Token::Mark(_))) && tokens.get(one.end + 1).is_some_and(|t| t.is_in(SHUT)));
    match one.sure {
        Sure::Certain => true,
        _ if one.feira => true,
        Sure::Ordinal => {
            let before = one.at.checked_sub(1).is_some_and(|at| tokens[at].is_in(BEFORE));
            marked
                || timed
                || shut
                || (before && next.is_some_and(|t| t.is_in(AFTER)))
                || next.is_some_and(|t| t.is_in("que"))
        }
        Sure::Short => {
            let clear = asked && matches!(&tokens[one.at], Token::Word(word) if is_in(ASKED, word));
            label || timed || shut || clear
        }
        Sure::Numeral => false,
    }
}

fn groups(tokens: &[Token]) -> Days {
    let words: Vec<&str> = tokens
        .iter()
        .map(|token| match token {
            Token::Word(word) => word.as_str(),
            Token::Number(_) | Token::Mark(_) => "",
        })
        .collect();
    let mut days = Days::NONE;
    for at in 0..words.len() {
        for (phrase, group) in GROUPS {
            let length = phrase.split(' ').count();
            if words.len() >= at + length && phrase.split(' ').eq(words[at..at + length].iter().copied()) {
                days = days.and(group);
            }
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> String {
        days_in(text).each().map(|day| day.to_string()).collect::<Vec<_>>().join(" ")
    }

    const WORKING: &str = "Mon Tue Wed Thu Fri";

    #[test]
    fn days_are_read_as_shops_write_them() {
        for (text, expected) in [
            ("Segunda a sexta-feira: das 8h às 19h", WORKING),
            ("seg a sex 8-18", WORKING),
            ("seg-sex 8-18", WORKING),
            ("2ª a 6ª das 9 às 17", WORKING),
            ("2a à 6a das 9 às 17", WORKING),
            ("2ª-feira fechado", "Mon"),
            ("dias úteis das 9h às 18h", WORKING),
            ("Mon–Fri 9-5", WORKING),
            ("lunes a viernes de 10 a 14", WORKING),
            ("lun-vie 10 a 14", WORKING),
            ("ter a sex 6h as 20h", "Tue Wed Thu Fri"),
            ("sab / dom", "Sat Sun"),
            ("sab 8 as 12", "Sat"),
            ("seg fechado", "Mon"),
            ("Dom: fechado", "Sun"),
            ("ter, qui e sáb", "Tue Thu Sat"),
            ("- Quarta-feira: canja", "Wed"),
            ("Quarta | canja", "Wed"),
            ("às terças e quintas", "Tue Thu"),
            ("na segunda abrimos às 10h", "Mon"),
            ("de sexta a domingo", "Fri Sat Sun"),
            ("sábado e domingo", "Sat Sun"),
            ("de segunda a segunda", "Mon Tue Wed Thu Fri Sat Sun"),
            ("todos os dias, 24h", "Mon Tue Wed Thu Fri Sat Sun"),
            ("fim de semana até as 22h", "Sat Sun"),
            ("seg fechado / ter a sex 6h as 20h / sab / dom", "Mon Tue Wed Thu Fri Sat Sun"),
        ] {
            assert_eq!(days(text), expected, "{text}");
        }
    }

    #[test]
    fn words_that_are_days_elsewhere_are_none() {
        for text in [
            "segunda via do boleto",
            "a quarta parcela vence em maio",
            "vamos ter pão amanhã",
            "dom Pedro II, 120",
            "2ª via grátis",
            "a 2ª e a 3ª parcelas",
            "we sat in the sun",
            "jan a mar",
        ] {
            assert_eq!(days(text), "", "{text}");
        }
    }
}
