//! Which days a question is about: those it names, and those it means by "today", "tomorrow", "now".

use std::borrow::Cow;

use chrono::Weekday;

use super::days::{Token, in_line, is_in, tokens};
use super::sentences::sentence_spans;
use super::week::Days;

/// The days that a question names.
pub fn days_asked(question: &str) -> Days {
    asking(question).lines().map(|line| in_line(line, true)).fold(Days::NONE, Days::and)
}

/// Words from which on a message tells a story around its question.
const STORY: usize = 18;
/// Words of a message up to which "now" is the hour that is asked about.
const ABOUT_NOW: usize = 8;

/// What of a message asks: all of a short one, of a story the sentences with a question mark.
fn asking(message: &str) -> Cow<'_, str> {
    if message.split_whitespace().count() <= STORY || !message.contains('?') {
        return Cow::Borrowed(message);
    }
    let spans = sentence_spans(message).into_iter().map(|span| &message[span]);
    Cow::Owned(spans.filter(|sentence| sentence.contains('?')).collect::<Vec<_>>().join("\n"))
}

/// The days that a question means by "today", "tomorrow", "now".
pub fn days_meant(question: &str, today: Weekday) -> Days {
    const TODAY: &str = "hoje hj today tonight hoy";
    const NOW: &str = "agora now ahora";
    const TOMORROW: &str = "amanha tomorrow manana";
    const IS: &str = "ta tao esta estao are is estan ainda still";
    const OPEN: &str =
        "aberto aberta abertos abertas open abierto abierta abiertos fechado fechada closed cerrado";
    let words: Vec<String> = tokens(&asking(question))
        .into_iter()
        .filter_map(|token| if let Token::Word(word) = token { Some(word) } else { None })
        .collect();
    let mut days = Days::NONE;
    for (at, word) in words.iter().enumerate() {
        let before = |n: usize| at.checked_sub(n).map_or("", |place| words[place].as_str());
        if is_in(TODAY, word) || (is_in(NOW, word) && words.len() <= ABOUT_NOW) {
            days = days.and(Days::of(today));
        } else if is_in(TOMORROW, word) {
            let later = matches!(before(1), "pasado")
                || matches!((before(2), before(1)), ("depois", "de"))
                || matches!((before(2), before(1)), ("day", "after"));
            // "Por la mañana" is no day.
            if before(1) != "la" {
                days = days.and(Days::of(if later { today.succ().succ() } else { today.succ() }));
            }
        } else if is_in(OPEN, word) && (1..=3).any(|n| is_in(IS, before(n))) {
            days = days.and(Days::of(today));
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_its_days() {
        let asked = |text: &str| days_asked(text).each().map(|d| d.to_string()).collect::<Vec<_>>().join(" ");
        for (text, expected) in [
            ("vcs abrem sab?", "Sat"),
            ("abre domingo?", "Sun"),
            ("e na quarta?", "Wed"),
            ("esse sábado tem aula?", "Sat"),
            ("segunda que vem abre?", "Mon"),
            ("segunda via do boleto?", ""),
            ("do you open on sundays", "Sun"),
        ] {
            assert_eq!(asked(text), expected, "{text}");
        }
    }

    #[test]
    fn today_and_tomorrow_are_days() {
        let meant = |text: &str| {
            let days = days_meant(text, Weekday::Sun);
            days.each().map(|d| d.to_string()).collect::<Vec<_>>().join(" ")
        };
        for (text, expected) in [
            ("abre hoje?", "Sun"),
            ("vcs tão abertos agora?", "Sun"),
            ("vcs tao abertos?", "Sun"),
            ("e amanhã?", "Mon"),
            ("depois de amanhã tem?", "Tue"),
            ("abren pasado mañana", "Tue"),
            ("abren por la mañana", ""),
            ("are you open now?", "Sun"),
            ("que horas abre?", ""),
            ("estou com muita dor agora, quanto custa a consulta com a doutora?", ""),
            ("abre de manhã?", ""),
        ] {
            assert_eq!(meant(text), expected, "{text}");
        }
    }
}
