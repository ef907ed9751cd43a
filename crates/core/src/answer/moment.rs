//! Now, where the business is: what "today", "tomorrow" and "now" mean in a question.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc, Weekday};
use chrono_tz::Tz;

use crate::config::Hours;
use crate::model::Locale;
use crate::text::{Days, days_meant};
use crate::wording::moment as wording;

/// Minutes for which an answer about "now" holds: shops open and close on the quarter of an hour.
const QUARTER: u32 = 15;

/// A moment by the business's clock.
#[derive(Debug, Clone)]
pub struct Moment {
    local: NaiveDateTime,
    hours: Option<Hours>,
}

impl Moment {
    /// This moment in a time zone; `hours` are when people are there.
    pub fn new(now: DateTime<Utc>, zone: Tz, hours: Option<Hours>) -> Self {
        Self { local: now.with_timezone(&zone).naive_local(), hours }
    }

    /// The day of the week.
    pub fn weekday(&self) -> Weekday {
        self.local.weekday()
    }

    /// The hour of the day, 0 to 23.
    pub fn hour(&self) -> u32 {
        self.local.hour()
    }

    /// The days that a question means by "today", "tomorrow", "now".
    pub fn days_meant(&self, question: &str) -> Days {
        days_meant(question, self.weekday())
    }

    /// What of it an answer to `question` depends on, as part of what the answer is kept under: the day, and for a
    /// question about now the hour. A chat model is told both.
    pub fn key(&self, question: &str) -> String {
        let date = self.local.date();
        let hours = self.hours.as_ref().map(|hours| format!("{hours:?}")).unwrap_or_default();
        if self.days_meant(question).is_empty() {
            return format!("{date} {hours}");
        }
        format!("{date} {} {} {hours}", self.local.hour(), self.local.minute() / QUARTER)
    }

    /// It in words, with the hours of the business if they are known: for a chat model.
    pub fn told(&self, locale: Locale) -> String {
        let mut told = wording::now(locale, self.local);
        if let Some(hours) = &self.hours {
            told.push('\n');
            told.push_str(&wording::hours(locale, |day| hours.of(day)));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(now: &str) -> Moment {
        Moment::new(now.parse().unwrap(), Tz::America__Sao_Paulo, None)
    }

    #[test]
    fn the_day_is_that_of_the_business_and_not_of_utc() {
        let late = moment("2026-12-02T01:30:00Z");
        assert_eq!((late.weekday(), late.hour()), (Weekday::Tue, 22));
        let told = late.told(Locale::Portuguese);
        assert!(told.contains("terça-feira, 1 de dezembro de 2026") && told.contains("22:30"), "{told}");
    }

    #[test]
    fn an_answer_of_yesterday_is_not_one_of_today_and_one_about_now_holds_for_minutes() {
        let key = |now: &str, question: &str| moment(now).key(question);
        let (before, after) = ("2026-12-02T02:59:00Z", "2026-12-02T03:00:00Z");
        assert_ne!(key(before, "qual o prato de hoje?"), key(after, "qual o prato de hoje?"));
        assert_ne!(
            key("2026-12-01T20:59:00Z", "abertos agora?"),
            key("2026-12-01T21:00:00Z", "abertos agora?")
        );
        assert_eq!(
            key("2026-12-01T15:00:00Z", "que horas abre?"),
            key("2026-12-01T20:00:00Z", "que horas abre?")
        );
    }

    #[test]
    fn hours_are_told_day_by_day() {
        let hours =
            Hours { timezone: "America/Recife".into(), monday: "08:00-12:00".into(), ..Hours::default() };
        let told = Moment { hours: Some(hours), ..moment("2026-12-01T15:00:00Z") }.told(Locale::English);
        assert!(told.contains("Monday 08:00-12:00") && told.contains("Sunday closed"), "{told}");
    }
}
