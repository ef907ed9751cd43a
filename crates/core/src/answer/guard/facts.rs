//! Facts told in numbers: prices, dates, times, percentages, telephone numbers, amounts.
//!
//! Each is read as what it says (for evidence) and as what it needs (for an answer), in a form that does
//! not depend on how it was written. Words that state facts are not looked at.

use super::lexer::Tokens;
use super::moments;
use super::numbers::{ONE, Value, multiplier, spelled, values, written};

/// A thing told, however it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Number(Value),
    Percent(Value),
    /// Hour and minute.
    Time(u8, u8),
    /// Day and month.
    Day(u8, u8),
    Month(u8),
}

/// A day, with its year if that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub day: u8,
    pub month: u8,
    pub year: Option<u16>,
}

/// What has to be known for a fact to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: a small number that is no fact, or a number in words.
    Nothing,
    /// Any of these.
    Any(Vec<Key>),
    /// Any of these days.
    Date(Vec<Date>),
    /// These digits: a telephone number, a registration.
    Digits(String),
}

/// A fact in a text.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    /// What it tells.
    pub says: Vec<Key>,
    /// All its digits, if they are to be compared as such.
    pub digits: Option<String>,
    pub need: Need,
    /// A number with nothing around it, which may be one end of a range.
    bare: bool,
    /// First token, and first one after it.
    span: (usize, usize),
}

impl Fact {
    pub fn new(says: Vec<Key>, need: Need, span: (usize, usize)) -> Self {
        Self { says, digits: None, need, bare: false, span }
    }
}

/// Groups of digits in a telephone number or a registration, at most.
const MOST_GROUPS: usize = 8;

const CURRENCIES: [&str; 16] = [
    "reais", "real", "dolares", "dolar", "dollars", "dollar", "euros", "euro", "pesos", "peso", "centavos",
    "cents", "brl", "usd", "eur", "libras",
];

/// The facts of a text, in order.
pub(super) fn facts(tokens: &Tokens) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    let mut at = 0;
    while at < tokens.0.len() {
        if let Some(end) = after_marker(tokens, at) {
            at = end;
        } else {
            let fact = fact(tokens, at);
            at = fact.as_ref().map_or(at + 1, |fact| fact.span.1);
            found.extend(fact);
        }
    }
    join_ranges(tokens, &mut found);
    found
}

/// The fact that begins at `at`.
fn fact(tokens: &Tokens, at: usize) -> Option<Fact> {
    if tokens.digits(at).is_none() {
        return moments::named(tokens, at).or_else(|| in_words(tokens, at));
    }
    moments::date(tokens, at)
        .or_else(|| digits(tokens, at))
        .or_else(|| moments::time(tokens, at))
        .or_else(|| number(tokens, at))
}

/// Where a citation marker ends that begins at `at`, or the number of a list's item.
fn after_marker(tokens: &Tokens, at: usize) -> Option<usize> {
    if tokens.is_sign(at, &["["]) {
        let mut end = at + 1;
        while tokens.digits(end).is_some_and(|d| d.len() <= 2) {
            end += 1;
            if tokens.is_sign(end, &["]"]) {
                return Some(end + 1);
            }
            if !tokens.is_sign(end, &[",", ";"]) {
                return None;
            }
            end += 1;
        }
        return None;
    }
    let item = tokens.digits(at).is_some_and(|d| d.len() <= 2)
        && tokens.get(at).is_some_and(|t| t.first)
        && tokens.is_close_sign(at + 1, &[".", ")"])
        && tokens.get(at + 2).is_some_and(|t| t.spaced);
    item.then_some(at + 2)
}

/// A number in words: told by evidence, not asked of an answer.
fn in_words(tokens: &Tokens, at: usize) -> Option<Fact> {
    let value = spelled(tokens, at)?;
    Some(Fact::new(vec![Key::Number(value)], Need::Nothing, (at, at + 1)))
}

fn number(tokens: &Tokens, at: usize) -> Option<Fact> {
    let (text, mut end) = written(tokens, at)?;
    let mut values = values(&text);
    if let Some(times) = tokens.word(end).and_then(multiplier) {
        values = values.iter().filter_map(|v| v.checked_mul(times)).collect();
        end += 1;
    }
    let numbers: Vec<Key> = values.iter().map(|v| Key::Number(*v)).collect();
    if let Some(end) = percent_sign(tokens, end) {
        let percents: Vec<Key> = values.iter().map(|v| Key::Percent(*v)).collect();
        let says = [percents.clone(), numbers].concat();
        return Some(Fact::new(says, Need::Any(percents), (at, end)));
    }
    let money = is_money(tokens, at, end);
    let small = !money && text.len() == 1 && values.iter().all(|v| *v < 10 * ONE);
    let need = if small { Need::Nothing } else { Need::Any(numbers.clone()) };
    Some(Fact { bare: !money, ..Fact::new(numbers, need, (at, end)) })
}

fn percent_sign(tokens: &Tokens, at: usize) -> Option<usize> {
    let two = |first, second: &[&str]| tokens.is_word(at, &[first]) && tokens.is_word(at + 1, second);
    if tokens.is_sign(at, &["%"]) || tokens.is_word(at, &["percent"]) {
        Some(at + 1)
    } else if two("por", &["cento", "ciento"]) || two("per", &["cent"]) {
        Some(at + 2)
    } else {
        None
    }
}

fn is_money(tokens: &Tokens, at: usize, end: usize) -> bool {
    let before = at.checked_sub(1).is_some_and(|before| tokens.is_sign(before, &["$", "€", "£"]));
    before || tokens.is_word(end, &CURRENCIES)
}

/// Digits that are compared one by one: telephone numbers, postal codes, registrations.
fn digits(tokens: &Tokens, at: usize) -> Option<Fact> {
    let opened = |sign| at.checked_sub(1).is_some_and(|before| tokens.is_sign(before, &[sign]));
    if is_money(tokens, at, at + 1) {
        return None;
    }
    let mut groups = vec![tokens.digits(at)?.to_owned()];
    let (mut end, mut dash) = (at + 1, false);
    let (international, mut bracket) = (opened("+"), opened("("));
    while let Some(next) = next_group(tokens, end, international, bracket) {
        dash |= tokens.is_sign(end, &["-"]);
        bracket |= tokens.is_sign(end, &["("]);
        groups.push(tokens.digits(next)?.to_owned());
        end = next + 1;
        if groups.len() > MOST_GROUPS {
            return None;
        }
    }
    let all = groups.concat();
    let goes_on = tokens.is_close_sign(end, &[","]) && tokens.close_digits(end + 1).is_some();
    let free = ["0800", "0300", "4004", "4003"].contains(&groups[0].as_str());
    let separated = tokens.0[at..end].iter().any(|t| t.text == "." || t.text == "/");
    let long = if dash || international || bracket || free || groups.len() == 1 { 8 } else { 10 };
    let years = groups.len() == 2
        && groups.iter().all(|g| g.len() == 4 && (g.starts_with("19") || g.starts_with("20")));
    let marked = dash || international || bracket || free || !separated;
    if !(long..=20).contains(&all.len()) || years || !marked || goes_on {
        return None;
    }
    let says = groups.iter().flat_map(|g| values(g)).map(Key::Number).collect();
    let fact = Fact::new(says, Need::Digits(all.clone()), (at, end));
    Some(Fact { digits: Some(all), ..fact })
}

/// Where the digits go on that end before `end`: after a blank, a separator, or a bracket that was opened.
fn next_group(tokens: &Tokens, end: usize, international: bool, bracket: bool) -> Option<usize> {
    let next = tokens.get(end + 1).is_some_and(|t| !t.spaced);
    let at = match tokens.get(end)? {
        here if tokens.digits(end).is_some() => return (here.spaced && !here.first).then_some(end),
        here if here.spaced => (international && here.text == "(" && next).then_some(end + 1),
        here => match here.text.as_str() {
            "-" | "." | "/" if next => Some(end + 1),
            ")" if bracket => Some(end + 1),
            _ => None,
        },
    }?;
    tokens.digits(at).map(|_| at)
}

/// In "8 às 18h" and "10 a 15%" the first number is of the kind of the second.
fn join_ranges(tokens: &Tokens, facts: &mut [Fact]) {
    const LINKS: [&str; 11] = ["a", "as", "ate", "e", "ou", "to", "until", "and", "or", "y", "hasta"];
    for right in 1..facts.len() {
        let (head, tail) = facts.split_at_mut(right);
        let (Some(left), Some(right)) = (head.last_mut(), tail.first()) else { continue };
        let (from, to) = (left.span.1, right.span.0);
        let linked = match to.checked_sub(from) {
            Some(1) => tokens.is_word(from, &LINKS) || tokens.is_sign(from, &["-", "–", "—", "/"]),
            // "8 a las 18h"
            Some(2) => tokens.is_word(from, &["a", "hasta"]) && tokens.is_word(from + 1, &["las", "la"]),
            _ => false,
        };
        if !left.bare || !linked {
            continue;
        }
        let numbers = left.says.iter().filter_map(|key| match key {
            Key::Number(value) => Some(*value),
            _ => None,
        });
        let same_kind: Vec<Key> = match right.says.first() {
            Some(Key::Percent(_)) => numbers.map(Key::Percent).collect(),
            Some(Key::Time(..)) => numbers.filter_map(moments::full_hour).collect(),
            _ => continue,
        };
        left.says.extend(same_kind);
        left.need = Need::Any(left.says.clone());
    }
}
