//! Days and hours in words.

use chrono::{Datelike, NaiveDateTime, Weekday};

use super::by;
use crate::model::Locale;

/// Date, weekday and hour.
pub fn now(locale: Locale, at: NaiveDateTime) -> String {
    let (day, year, time) = (at.day(), at.year(), at.format("%H:%M"));
    let (weekday, month) = (weekday(locale, at.weekday()), month(locale, at.month0()));
    match locale {
        Locale::Portuguese => {
            format!("Hoje é {weekday}, {day} de {month} de {year}; são {time} onde a empresa fica.")
        }
        Locale::English => {
            format!("Today is {weekday}, {day} {month} {year}; it is {time} where the business is.")
        }
        Locale::Spanish => {
            format!("Hoy es {weekday}, {day} de {month} de {year}; son las {time} donde está la empresa.")
        }
    }
}

/// The hours of each day; `of` gives those of one, empty if it is closed.
pub fn hours<'a>(locale: Locale, of: impl Fn(Weekday) -> &'a str) -> String {
    let closed = by(locale, "fechado", "closed", "cerrado");
    let mut day = Weekday::Mon;
    let mut days = Vec::new();
    for _ in 0..7 {
        let hours = Some(of(day).trim()).filter(|hours| !hours.is_empty()).unwrap_or(closed);
        days.push(format!("{} {hours}", weekday(locale, day)));
        day = day.succ();
    }
    let label = by(locale, "A equipe atende", "The team is there", "El equipo atiende");
    format!("{label}: {}.", days.join("; "))
}

/// A day of the week.
pub fn weekday(locale: Locale, day: Weekday) -> &'static str {
    let (portuguese, english, spanish) = match day {
        Weekday::Mon => ("segunda-feira", "Monday", "lunes"),
        Weekday::Tue => ("terça-feira", "Tuesday", "martes"),
        Weekday::Wed => ("quarta-feira", "Wednesday", "miércoles"),
        Weekday::Thu => ("quinta-feira", "Thursday", "jueves"),
        Weekday::Fri => ("sexta-feira", "Friday", "viernes"),
        Weekday::Sat => ("sábado", "Saturday", "sábado"),
        Weekday::Sun => ("domingo", "Sunday", "domingo"),
    };
    by(locale, portuguese, english, spanish)
}

/// A month, counted from 0.
fn month(locale: Locale, index: u32) -> &'static str {
    const MONTHS: [(&str, &str, &str); 12] = [
        ("janeiro", "January", "enero"),
        ("fevereiro", "February", "febrero"),
        ("março", "March", "marzo"),
        ("abril", "April", "abril"),
        ("maio", "May", "mayo"),
        ("junho", "June", "junio"),
        ("julho", "July", "julio"),
        ("agosto", "August", "agosto"),
        ("setembro", "September", "septiembre"),
        ("outubro", "October", "octubre"),
        ("novembro", "November", "noviembre"),
        ("dezembro", "December", "diciembre"),
    ];
    // A year has twelve months.
    let (portuguese, english, spanish) = MONTHS[index.min(11) as usize];
    by(locale, portuguese, english, spanish)
}
