//! Dates and times of day, as Portuguese, Spanish and English write them.

use super::facts::{Date, Fact, Key, Need};
use super::lexer::Tokens;
use super::numbers::{ONE, Value};

/// A date that begins with digits at `at`.
pub(super) fn date(tokens: &Tokens, at: usize) -> Option<Fact> {
    let first = tokens.digits(at)?;
    numeric(tokens, at, first).or_else(|| day_of_month(tokens, at, first))
}

/// `25/12`, `25/12/2026`, `25-12-2026`, `25.12.2026`, `2026-12-25`.
fn numeric(tokens: &Tokens, at: usize, first: &str) -> Option<Fact> {
    let separator = tokens.get(at + 1).filter(|t| !t.spaced && ["/", "-", "."].contains(&t.text.as_str()))?;
    let second = tokens.close_digits(at + 2)?;
    let third = tokens
        .is_close_sign(at + 3, &[separator.text.as_str()])
        .then(|| tokens.close_digits(at + 4))
        .flatten();
    let end = at + if third.is_some() { 5 } else { 3 };
    let dates: Vec<Date> = match (first.len(), third) {
        (4, Some(day)) if separator.text != "/" || day.len() <= 2 => {
            valid(day, second, Some(year(first)?)).into_iter().collect()
        }
        (1 | 2, Some(last)) if last.len() == 4 || (last.len() == 2 && separator.text == "/") => {
            either_way(first, second, Some(year(last)?))
        }
        (1 | 2, None) if separator.text == "/" => either_way(first, second, None),
        _ => return None,
    };
    told(dates, (at, end))
}

/// Day and month may stand in either order: an English text writes `12/25`.
fn either_way(first: &str, second: &str, year: Option<u16>) -> Vec<Date> {
    let ways = [valid(first, second, year), valid(second, first, year)];
    let mut dates: Vec<Date> = ways.into_iter().flatten().collect();
    dates.dedup();
    dates
}

/// `25 de dezembro de 2026`, `1º de maio`, `25th of December`.
fn day_of_month(tokens: &Tokens, at: usize, day: &str) -> Option<Fact> {
    let mut next = at + 1;
    next += usize::from(tokens.is_word(next, &["º", "ª", "o", "st", "nd", "rd", "th"]));
    next += usize::from(tokens.is_sign(next, &["°"]));
    next += usize::from(tokens.is_word(next, &["de", "of"]));
    let month = month(tokens.word(next)?)?;
    next += 1;
    // "3 out of 5"
    if tokens.is_word(next, &["of"]) {
        return None;
    }
    next += usize::from(tokens.is_close_sign(next, &[".", ","]) && tokens.digits(next + 1).is_some());
    let (year, end) = year_after(tokens, next);
    told(valid(day, &month.to_string(), year).into_iter().collect(), (at, end))
}

/// What begins with a word: `December 25, 2026`, `meio-dia`.
pub(super) fn named(tokens: &Tokens, at: usize) -> Option<Fact> {
    let word = tokens.word(at)?;
    if let Some(month) = month(word) {
        let mut next = at + 1;
        next += usize::from(tokens.is_close_sign(next, &["."]));
        // `May 10:30` is no day.
        if let Some(day) = tokens.digits(next).filter(|_| !tokens.is_close_sign(next + 1, &[":"])) {
            next += 1;
            next += usize::from(tokens.is_word(next, &["st", "nd", "rd", "th"]));
            next += usize::from(tokens.is_close_sign(next, &[","]));
            let (year, end) = year_after(tokens, next);
            if let Some(date) = valid(day, &month.to_string(), year) {
                return told(vec![date], (at, end));
            }
        }
        // Short names are other words as often: "dez" is ten, "out" is out.
        if word.len() > 3 {
            return Some(Fact::new(vec![Key::Month(month)], Need::Nothing, (at, at + 1)));
        }
    }
    let half = |of: &str| tokens.is_word(at + 1 + usize::from(tokens.is_sign(at + 1, &["-"])), &[of]);
    let hours: &[u8] = match word {
        "noon" | "mediodia" => &[12],
        "midnight" | "medianoche" => &[0, 24],
        "meio" if half("dia") => &[12],
        "meia" if half("noite") => &[0, 24],
        _ => return None,
    };
    let says = hours.iter().map(|hour| Key::Time(*hour, 0)).collect();
    Some(Fact::new(says, Need::Nothing, (at, at + 1)))
}

/// `de 2026`, `, 2026` after a month; where the date ends.
fn year_after(tokens: &Tokens, at: usize) -> (Option<u16>, usize) {
    let digits = at + usize::from(tokens.is_word(at, &["de", "del", "of"]));
    match tokens.digits(digits).filter(|d| d.len() == 4).and_then(year) {
        Some(year) => (Some(year), digits + 1),
        None => (None, at),
    }
}

fn year(text: &str) -> Option<u16> {
    let year: u16 = text.parse().ok()?;
    if text.len() == 2 { Some(2000 + year) } else { Some(year).filter(|y| (1900..=2200).contains(y)) }
}

fn valid(day: &str, month: &str, year: Option<u16>) -> Option<Date> {
    let (day, month) = (day.parse().ok()?, month.parse().ok()?);
    ((1..=31).contains(&day) && (1..=12).contains(&month)).then_some(Date { day, month, year })
}

fn told(dates: Vec<Date>, span: (usize, usize)) -> Option<Fact> {
    let first = dates.first()?;
    let mut says: Vec<Key> = dates.iter().map(|d| Key::Day(d.day, d.month)).collect();
    says.extend(dates.iter().map(|d| Key::Month(d.month)));
    says.extend(dates.iter().map(|d| Key::Number(Value::from(d.day) * ONE)));
    says.extend(first.year.map(|year| Key::Number(Value::from(year) * ONE)));
    Some(Fact::new(says, Need::Date(dates), span))
}

/// The month that a folded word names.
fn month(word: &str) -> Option<u8> {
    let number = match word {
        "janeiro" | "january" | "enero" | "jan" => 1,
        "fevereiro" | "february" | "febrero" | "fev" | "feb" => 2,
        "marco" | "march" | "marzo" | "mar" => 3,
        "abril" | "april" | "abr" | "apr" => 4,
        "maio" | "may" | "mayo" | "mai" => 5,
        "junho" | "june" | "junio" | "jun" => 6,
        "julho" | "july" | "julio" | "jul" => 7,
        "agosto" | "august" | "ago" | "aug" => 8,
        "setembro" | "september" | "septiembre" | "setiembre" | "set" | "sep" | "sept" => 9,
        "outubro" | "october" | "octubre" | "out" | "oct" => 10,
        "novembro" | "november" | "noviembre" | "nov" => 11,
        "dezembro" | "december" | "diciembre" | "dez" | "dec" | "dic" => 12,
        _ => return None,
    };
    Some(number)
}

/// A time of day that begins with digits at `at`: `8h`, `8h30`, `08:00`, `8 horas`, `8 am`, `8 da noite`.
pub(super) fn time(tokens: &Tokens, at: usize) -> Option<Fact> {
    const HOURS: [&str; 4] = ["hora", "horas", "hour", "hours"];
    let text = tokens.digits(at).filter(|d| d.len() <= 2)?;
    let hour: u8 = text.parse().ok().filter(|h| *h <= 24)?;
    let two = |at| tokens.close_digits(at).filter(|d| d.len() == 2)?.parse().ok().filter(|m: &u8| *m < 60);
    let (mut end, mut minute, mut told, mut in_full) = (at + 1, 0, false, false);
    if tokens.is_close_sign(end, &[":"])
        && let Some(minutes) = two(end + 1)
    {
        (minute, end, told) = (minutes, end + 2, true);
        if tokens.is_close_sign(end, &[":"]) && two(end + 1).is_some() {
            end += 2;
        }
        end += usize::from(tokens.is_word(end, &["h", "hs"]));
    } else if tokens.is_word(end, &["h", "hs", "hr", "hrs"]) {
        (end, told) = (end + 1, true);
        if let Some(minutes) = two(end) {
            (minute, end) = (minutes, end + 1);
            end += usize::from(tokens.is_word(end, &["min", "m"]));
        }
    } else if tokens.is_word(end, &HOURS) {
        (end, told, in_full) = (end + 1, true, true);
    }
    let half = half_of_day(tokens, end);
    if let Some((_, after)) = half {
        (end, told) = (after, true);
    }
    if !told {
        return None;
    }
    let hour = match half {
        Some((Half::Morning, _)) if hour == 12 => 0,
        Some((Half::Afternoon, _)) if hour < 12 => hour + 12,
        _ => hour,
    };
    let number = Key::Number(Value::from(hour) * ONE);
    let mut says = vec![Key::Time(hour, minute)];
    let mut needs = says.clone();
    if minute == 0 {
        says.push(number);
    }
    if in_full {
        // "18 horas" may be how long something takes.
        needs.push(number);
    }
    Some(Fact::new(says, Need::Any(needs), (at, end)))
}

enum Half {
    Morning,
    Afternoon,
}

/// `am`, `p.m.`, `da manhã`, `de la noche`; and where it ends.
fn half_of_day(tokens: &Tokens, at: usize) -> Option<(Half, usize)> {
    let half = |word: &str| match word {
        "am" | "a" | "manha" | "manana" | "madrugada" => Some(Half::Morning),
        "pm" | "p" | "tarde" | "noite" | "noche" => Some(Half::Afternoon),
        _ => None,
    };
    let word = tokens.word(at)?;
    match word {
        "am" | "pm" => Some((half(word)?, at + 1)),
        "a" | "p" if tokens.is_close_sign(at + 1, &["."]) && tokens.is_word(at + 2, &["m"]) => {
            Some((half(word)?, at + 3 + usize::from(tokens.is_close_sign(at + 3, &["."]))))
        }
        "da" => Some((tokens.word(at + 1).and_then(half)?, at + 2)),
        "de" if tokens.is_word(at + 1, &["la"]) => Some((tokens.word(at + 2).and_then(half)?, at + 3)),
        _ => None,
    }
}

/// The time that a plain number means at one end of a range of times.
pub(super) fn full_hour(value: Value) -> Option<Key> {
    let hour = u8::try_from(value / ONE).ok().filter(|hour| *hour <= 24)?;
    value.is_multiple_of(ONE).then_some(Key::Time(hour, 0))
}
