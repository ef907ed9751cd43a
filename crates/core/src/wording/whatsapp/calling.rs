//! What a customer hears who needs a person: what is true just then.

use chrono::{NaiveTime, Weekday};

use super::owner::Need;
use super::{by, weekday};
use crate::model::Locale;

/// A person was asked for outside the hours: it is noted, and when somebody answers.
pub fn noted_until(locale: Locale, day: Weekday, time: NaiveTime, today: bool) -> String {
    let (day, time) =
        (if today { by(locale, "hoje", "today", "hoy") } else { weekday(locale, day) }, time.format("%H:%M"));
    match locale {
        Locale::Portuguese => {
            format!("Anotei o seu pedido: alguém da equipe responde por aqui {day}, a partir das {time}.")
        }
        Locale::English => format!("It is noted: someone from the team will answer here {day} from {time}."),
        Locale::Spanish => {
            format!("Quedó anotado: alguien del equipo responderá por aquí {day} desde las {time}.")
        }
    }
}

/// Put before that when the agent found nothing several times.
pub fn not_found(locale: Locale) -> &'static str {
    by(
        locale,
        "Não estou encontrando essa informação.",
        "I cannot find that information.",
        "No encuentro esa información.",
    )
}

/// A person is needed and nobody can be told of it now: nothing is promised.
pub fn nobody_to_tell(locale: Locale, need: Need) -> String {
    let why = match need {
        Need::Refused => not_found(locale),
        Need::Failed => by(
            locale,
            "Estou com um problema técnico e não consegui responder agora.",
            "I have a technical problem and could not answer just now.",
            "Tengo un problema técnico y no pude responder ahora.",
        ),
        Need::Asked | Need::Unsent | Need::Wrote => "",
    };
    let noted = by(
        locale,
        "Anotei o seu pedido, mas agora não consigo avisar ninguém da equipe. Enquanto isso, posso continuar \
         ajudando por aqui: é só escrever.",
        "Your request is noted, but I cannot reach anyone from the team right now. Meanwhile I can go on helping \
         here: just write.",
        "Su pedido quedó anotado, pero ahora no consigo avisar a nadie del equipo. Mientras tanto puedo seguir \
         ayudando por aquí: solo escriba.",
    );
    if why.is_empty() { noted.to_owned() } else { format!("{why} {noted}") }
}

/// Answering failed, and people are told: the conversation goes on.
pub fn failed_once(locale: Locale) -> &'static str {
    by(
        locale,
        "Estou com um problema técnico e não consegui responder agora. Estou avisando a equipe; se quiser, escreva \
         de novo daqui a pouco.",
        "I have a technical problem and could not answer just now. I am telling the team; feel free to write again \
         in a little while.",
        "Tengo un problema técnico y no pude responder ahora. Estoy avisando al equipo; si quiere, escriba de nuevo \
         en un rato.",
    )
}

/// A person was promised, and every way of telling one failed.
pub fn could_not_tell(locale: Locale) -> &'static str {
    by(
        locale,
        "Não consegui avisar ninguém da equipe agora. O seu pedido continua anotado; enquanto isso, posso ajudar \
         por aqui: é só escrever.",
        "I could not reach anyone from the team. Your request stays noted; meanwhile I can help here: just write.",
        "No pude avisar a nadie del equipo. Su pedido sigue anotado; mientras tanto puedo ayudar por aquí: solo \
         escriba.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_is_named_and_nothing_is_promised_that_is_not_known() {
        let eight = NaiveTime::from_hms_opt(8, 0, 0).unwrap();
        let text = noted_until(Locale::Portuguese, Weekday::Sat, eight, false);
        assert!(text.ends_with("responde por aqui no sábado, a partir das 08:00."), "{text}");
        assert!(noted_until(Locale::Portuguese, Weekday::Sat, eight, true).contains("hoje, a partir"));
        for locale in Locale::ALL {
            for need in [Need::Asked, Need::Refused, Need::Failed] {
                let text = nobody_to_tell(locale, need);
                assert!(!text.contains("  ") && !text.starts_with(' '), "{text}");
            }
        }
    }
}
