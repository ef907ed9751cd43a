//! When people are there: a time zone and, for each day of the week, from when to when.

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// `[whatsapp.channels.<name>.hours]`: a day is open as its text says, or `closed`. One that is not listed counts as
/// closed, and [`Hours::unlisted`] names it.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hours {
    /// IANA name, as `America/Sao_Paulo`.
    pub timezone: String,
    /// As `08:00-12:00, 13:30-18:00`, or `closed`.
    pub monday: String,
    /// The same.
    pub tuesday: String,
    /// The same.
    pub wednesday: String,
    /// The same.
    pub thursday: String,
    /// The same.
    pub friday: String,
    /// The same.
    pub saturday: String,
    /// The same.
    pub sunday: String,
}

/// When it opens next, in the business's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenAt {
    /// The day.
    pub weekday: Weekday,
    /// The hour.
    pub time: NaiveTime,
    /// Whether that is today.
    pub today: bool,
    /// That moment.
    pub at: DateTime<Utc>,
}

/// Words for a day without hours.
const CLOSED: [&str; 3] = ["closed", "fechado", "cerrado"];

type Span = (NaiveTime, NaiveTime);

impl Hours {
    /// What is wrong with them, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        self.zone()?;
        let mut open = false;
        let mut day = Weekday::Mon;
        for _ in 0..7 {
            open |= !spans(self.of(day))?.is_empty();
            day = day.succ();
        }
        if open { Ok(()) } else { Err("no day has any: leave the section out to be open always".to_owned()) }
    }

    /// Days that nothing is said of, which is a mistake more often than not.
    pub fn unlisted(&self) -> Vec<&'static str> {
        let days = [
            ("monday", &self.monday),
            ("tuesday", &self.tuesday),
            ("wednesday", &self.wednesday),
            ("thursday", &self.thursday),
            ("friday", &self.friday),
            ("saturday", &self.saturday),
            ("sunday", &self.sunday),
        ];
        days.into_iter().filter(|(_, text)| text.trim().is_empty()).map(|(day, _)| day).collect()
    }

    /// Whether it is open.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        let (Ok(zone), now) = (self.zone(), now) else { return true };
        let local = now.with_timezone(&zone);
        let time = local.time();
        self.spans_of(local.weekday()).iter().any(|(from, to)| *from <= time && time < *to)
    }

    /// When it opens next; `None` if it never does.
    pub fn opens_at(&self, now: DateTime<Utc>) -> Option<OpenAt> {
        let zone = self.zone().ok()?;
        let local = now.with_timezone(&zone);
        (0..=7).find_map(|ahead| {
            let date = local.date_naive().checked_add_days(Days::new(ahead))?;
            let weekday = date.weekday();
            let spans = self.spans_of(weekday);
            spans.iter().find_map(|(from, _)| {
                // An hour that the clocks skip opens with the next one that exists.
                let opens = zone.from_local_datetime(&date.and_time(*from)).earliest();
                let next = date.and_time(*from) + TimeDelta::hours(1);
                let at = opens.or_else(|| zone.from_local_datetime(&next).earliest())?;
                let at = Some(at.with_timezone(&Utc)).filter(|at| *at > now)?;
                Some(OpenAt { weekday, time: *from, today: ahead == 0, at })
            })
        })
    }

    /// The time zone, or what is wrong with it.
    pub fn zone(&self) -> Result<Tz, String> {
        self.timezone.parse().map_err(|_| {
            format!(
                "timezone: `{}` is not a time zone: names as America/Sao_Paulo are accepted",
                self.timezone
            )
        })
    }

    /// In order; nothing if they cannot be read, which `check` has ruled out.
    fn spans_of(&self, day: Weekday) -> Vec<Span> {
        spans(self.of(day)).unwrap_or_default()
    }

    /// The hours of a day as they are configured; empty if it is closed.
    pub fn of(&self, day: Weekday) -> &str {
        match day {
            Weekday::Mon => &self.monday,
            Weekday::Tue => &self.tuesday,
            Weekday::Wed => &self.wednesday,
            Weekday::Thu => &self.thursday,
            Weekday::Fri => &self.friday,
            Weekday::Sat => &self.saturday,
            Weekday::Sun => &self.sunday,
        }
    }
}

fn spans(text: &str) -> Result<Vec<Span>, String> {
    let wrong = || format!("`{text}` is not a time: 08:00-12:00, 13:30-18:00 is the form, or closed");
    let time = |text: &str| match text.trim() {
        // The end of the day, as far as a clock goes.
        "24:00" => NaiveTime::from_hms_milli_opt(23, 59, 59, 999).ok_or_else(wrong),
        text => NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| wrong()),
    };
    let mut spans = Vec::new();
    if CLOSED.contains(&text.trim().to_lowercase().as_str()) {
        return Ok(spans);
    }
    for span in text.split(',').map(str::trim).filter(|span| !span.is_empty()) {
        let (from, to) = span.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (time(from)?, time(to)?);
        if from >= to {
            return Err(format!("`{span}` ends before it begins"));
        }
        spans.push((from, to));
    }
    spans.sort_unstable();
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours() -> Hours {
        Hours {
            timezone: "America/Sao_Paulo".into(),
            monday: "08:00-12:00, 13:30-18:00".into(),
            saturday: "09:00-13:00".into(),
            ..Hours::default()
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn hours_are_those_of_the_business_not_of_the_server() {
        let hours = hours();
        hours.check().unwrap();
        // Monday in São Paulo, which is three hours behind.
        assert!(hours.is_open(at("2026-11-23T11:00:00Z")));
        assert!(!hours.is_open(at("2026-11-23T10:59:59Z")));
        assert!(!hours.is_open(at("2026-11-23T15:30:00Z")));
        assert!(hours.is_open(at("2026-11-23T20:59:00Z")));
        assert!(!hours.is_open(at("2026-11-24T12:00:00Z")));
    }

    #[test]
    fn it_says_when_it_opens_next() {
        let hours = hours();
        let next =
            |now| hours.opens_at(at(now)).map(|o| (o.weekday, o.time.format("%H:%M").to_string(), o.today));
        assert_eq!(next("2026-11-23T09:00:00Z"), Some((Weekday::Mon, "08:00".into(), true)));
        assert_eq!(next("2026-11-23T15:30:00Z"), Some((Weekday::Mon, "13:30".into(), true)));
        assert_eq!(next("2026-11-24T12:00:00Z"), Some((Weekday::Sat, "09:00".into(), false)));
        assert_eq!(next("2026-11-28T20:00:00Z"), Some((Weekday::Mon, "08:00".into(), false)));
        let opens = hours.opens_at(at("2026-11-28T20:00:00Z")).unwrap();
        assert_eq!(opens.at, at("2026-11-30T11:00:00Z"));
    }

    #[test]
    fn closed_days_are_written_and_others_are_named() {
        let hours = Hours { sunday: "Fechado".into(), tuesday: "closed".into(), ..hours() };
        hours.check().unwrap();
        assert!(!hours.is_open(at("2026-11-24T12:00:00Z")));
        assert_eq!(hours.unlisted(), ["wednesday", "thursday", "friday"]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let wrong = |change: fn(&mut Hours)| {
            let mut hours = hours();
            change(&mut hours);
            hours.check().unwrap_err()
        };
        assert!(wrong(|h| h.timezone = "Brasilia".into()).contains("America/Sao_Paulo"));
        assert!(wrong(|h| h.sunday = "8h às 12h".into()).contains("08:00-12:00"));
        assert!(wrong(|h| h.sunday = "12:00-08:00".into()).contains("ends before"));
        let never = Hours { timezone: "America/Sao_Paulo".into(), ..Hours::default() };
        assert!(never.check().unwrap_err().contains("leave the section out"));
    }
}
