//! The fact guard: numbers that state facts must be in the evidence. Pure.
//!
//! A model that writes a price, a date, a time, a percentage, a telephone number or an amount which no
//! excerpt has made it up, and its answer is not given. Notation does not matter: `R$ 49,90` is `49.90`,
//! `8h` is `08:00`. Numbers below ten without a unit, list numbers and citation markers are no facts, and
//! what the customer wrote may be repeated. Facts told in words are not looked at: the prompt and the
//! citations answer for them.

mod facts;
mod lexer;
mod moments;
mod numbers;

use std::collections::HashSet;

use facts::{Date, Key, Need};
use lexer::Tokens;

/// What an answer may say.
#[derive(Debug, Default)]
pub(super) struct Known {
    keys: HashSet<Key>,
    digits: Vec<String>,
}

impl Known {
    /// Adds what a text tells.
    pub fn add(&mut self, text: &str) {
        for fact in facts::facts(&Tokens(lexer::tokens(text))) {
            self.keys.extend(fact.says);
            self.digits.extend(fact.digits);
        }
    }

    /// Whether every fact in the numbers of `answer` is known.
    pub fn supports(&self, answer: &str) -> bool {
        facts::facts(&Tokens(lexer::tokens(answer))).iter().all(|fact| match &fact.need {
            Need::Nothing => true,
            Need::Any(keys) => keys.iter().any(|key| self.keys.contains(key)),
            Need::Date(dates) => dates.iter().any(|date| self.has_date(*date)),
            Need::Digits(digits) => {
                // Groups of digits that are no telephone number: each is known by itself.
                let apart = || fact.says.iter().all(|key| self.keys.contains(key));
                self.digits.iter().any(|known| same_line(known, digits))
                    || (self.digits.is_empty() && apart())
            }
        })
    }

    fn has_date(&self, Date { day, month, year }: Date) -> bool {
        let number = |n: u16| self.keys.contains(&Key::Number(u128::from(n) * numbers::ONE));
        // "25 e 26 de dezembro" tells the 25th, too.
        let told = self.keys.contains(&Key::Day(day, month))
            || (number(u16::from(day)) && self.keys.contains(&Key::Month(month)));
        told && year.is_none_or(number)
    }
}

/// Whether digits are those of a known number, perhaps without its area code, or with the country's.
fn same_line(known: &str, told: &str) -> bool {
    let longer = told.strip_suffix(known).is_some_and(|prefix| ["0", "55", "055", "0055"].contains(&prefix));
    known.ends_with(told) || longer
}

#[cfg(test)]
mod tests;
