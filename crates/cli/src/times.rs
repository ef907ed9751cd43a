//! Times as people read them: in the machine's zone, to the minute, with the zone beside them.
//!
//! Everything is kept in UTC; JSON shows it as it is kept.

use chrono::{DateTime, Local};

/// A time that is kept as RFC 3339, e.g. `2026-12-01 09:05 -03:00`; what is no time is shown as it is.
pub fn local(time: &str) -> String {
    match DateTime::parse_from_rfc3339(time) {
        Ok(time) => time.with_timezone(&Local).format("%Y-%m-%d %H:%M %:z").to_string(),
        Err(_) => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_names_its_zone() {
        let shown = local("2026-11-22T12:30:59.000Z");
        let back = DateTime::parse_from_str(&shown, "%Y-%m-%d %H:%M %:z").unwrap();
        assert_eq!(back.to_utc().to_rfc3339(), "2026-11-22T12:30:00+00:00");
        assert_eq!(local("never"), "never");
    }
}
