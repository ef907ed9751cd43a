//! What the product itself says in a conversation on WhatsApp: notices, questions back, alerts.
//!
//! Written for a telephone: short, friendly, without Markdown. Answers are not here; what the owner of the
//! business is told is in `owner.rs` and `relay.rs`, and what a customer hears who needs a person in `calling.rs`.

mod calling;
mod owner;
mod relay;

use chrono::{NaiveTime, Weekday};

use super::by;
use crate::model::Locale;

pub use calling::{could_not_tell, failed_once, nobody_to_tell, not_found, noted_until};
pub use owner::{
    Need, alert, alert_buttons, alert_done, alert_example, alert_gone, alert_line, alert_template,
    not_relayed, not_relayed_late, relayed_no_file,
};
pub use relay::{given_back, kind, open_list, relaying, sent_by, sent_to, to_whom, waiting};

/// A picture, film or file came without a word.
pub fn ask_for_text(locale: Locale) -> &'static str {
    by(
        locale,
        "Recebi o arquivo, mas não consigo ver o que há nele. Pode escrever a sua dúvida em texto?",
        "I got the file, but I cannot see what is in it. Could you write your question as text?",
        "Recibí el archivo, pero no puedo ver su contenido. ¿Puede escribir su duda en texto?",
    )
}

/// A voice note came, and nothing here can hear.
pub fn ask_for_text_instead_of_voice(locale: Locale) -> &'static str {
    by(
        locale,
        "Recebi o seu áudio, mas por aqui só consigo ler. Pode escrever a sua dúvida em texto?",
        "I got your voice message, but I can only read. Could you write your question as text?",
        "Recibí su audio, pero aquí solo puedo leer. ¿Puede escribir su duda en texto?",
    )
}

/// A place, a contact or a form came.
pub fn acknowledged(locale: Locale) -> &'static str {
    by(
        locale,
        "Recebido, obrigado! Em que posso ajudar?",
        "Got it, thank you! How can I help?",
        "¡Recibido, gracias! ¿En qué puedo ayudar?",
    )
}

/// WhatsApp does not pass on what the customer sent.
pub fn unreadable(locale: Locale) -> &'static str {
    by(
        locale,
        "Não consigo abrir esse tipo de mensagem. Pode escrever em texto?",
        "I cannot open this kind of message. Could you write it as text?",
        "No puedo abrir ese tipo de mensaje. ¿Puede escribirlo en texto?",
    )
}

/// Above a menu that has no text of its own.
pub fn menu(locale: Locale) -> &'static str {
    by(
        locale,
        "Olá! Como posso ajudar? Escolha uma opção ou escreva a sua dúvida.",
        "Hello! How can I help? Choose an option or write your question.",
        "¡Hola! ¿En qué puedo ayudar? Elija una opción o escriba su duda.",
    )
}

/// On the button that opens a menu; 20 characters at most.
pub fn open_menu(locale: Locale) -> &'static str {
    by(locale, "Ver opções", "See options", "Ver opciones")
}

/// A person takes over.
pub fn handed_over(locale: Locale) -> &'static str {
    by(
        locale,
        "Certo! Vou chamar uma pessoa da equipe, que continua a conversa por aqui.",
        "All right! I am calling someone from the team, who will go on with you here.",
        "¡De acuerdo! Voy a llamar a una persona del equipo, que seguirá con usted por aquí.",
    )
}

/// A person takes over, but not before the business opens.
pub fn handed_over_closed(locale: Locale, day: Weekday, time: NaiveTime, today: bool) -> String {
    let (day, time) = (weekday(locale, day), time.format("%H:%M"));
    match (locale, today) {
        (Locale::Portuguese, true) => {
            format!(
                "Certo! Agora não há ninguém da equipe, mas alguém responde por aqui hoje, a partir das {time}."
            )
        }
        (Locale::Portuguese, false) => {
            format!(
                "Certo! Agora não há ninguém da equipe, mas alguém responde por aqui {day}, a partir das {time}."
            )
        }
        (Locale::English, true) => {
            format!(
                "All right! Nobody from the team is there now, but someone will answer here today from {time}."
            )
        }
        (Locale::English, false) => {
            format!(
                "All right! Nobody from the team is there now, but someone will answer here {day} from {time}."
            )
        }
        (Locale::Spanish, true) => {
            format!(
                "¡De acuerdo! Ahora no hay nadie del equipo, pero alguien responderá por aquí hoy desde las {time}."
            )
        }
        (Locale::Spanish, false) => {
            format!(
                "¡De acuerdo! Ahora no hay nadie del equipo, pero alguien responderá por aquí {day} desde las {time}."
            )
        }
    }
}

/// A person takes over because the agent found nothing several times.
pub fn handed_over_refused(locale: Locale) -> &'static str {
    by(
        locale,
        "Não estou encontrando essa informação. Vou chamar uma pessoa da equipe, que continua por aqui.",
        "I cannot find that information. I am calling someone from the team, who will go on with you here.",
        "No encuentro esa información. Voy a llamar a una persona del equipo, que seguirá por aquí.",
    )
}

/// Put before an answer that comes late.
pub fn late(locale: Locale) -> &'static str {
    by(locale, "Desculpe a demora!", "Sorry for the wait!", "¡Disculpe la demora!")
}

/// The customer wants no more messages.
pub fn stopped(locale: Locale, again: &str) -> String {
    match locale {
        Locale::Portuguese => {
            format!("Tudo bem, não enviarei mais mensagens. Para voltar a conversar, escreva {again}.")
        }
        Locale::English => {
            format!("All right, I will send no more messages. To talk again, write {again}.")
        }
        Locale::Spanish => {
            format!("De acuerdo, no enviaré más mensajes. Para volver a conversar, escriba {again}.")
        }
    }
}

/// The customer wants messages again.
pub fn started(locale: Locale) -> &'static str {
    by(
        locale,
        "Que bom ter você de volta! Em que posso ajudar?",
        "Good to have you back! How can I help?",
        "¡Qué bueno tenerle de vuelta! ¿En qué puedo ayudar?",
    )
}

/// The documents an answer comes from: each with its page, if it has more than one.
pub fn sources(locale: Locale, documents: &[(String, Option<u32>)]) -> String {
    let label = match (locale, documents.len()) {
        (Locale::Portuguese, 1) => "Fonte",
        (Locale::Portuguese, _) => "Fontes",
        (Locale::English, 1) => "Source",
        (Locale::English, _) => "Sources",
        (Locale::Spanish, 1) => "Fuente",
        (Locale::Spanish, _) => "Fuentes",
    };
    let page = by(locale, "p.", "p.", "pág.");
    let named: Vec<String> = documents
        .iter()
        .map(|(name, number)| match number {
            Some(number) => format!("{name} ({page} {number})"),
            None => name.clone(),
        })
        .collect();
    format!("{label}: {}", named.join("; "))
}

/// On the button that calls a person; 20 characters at most.
pub fn call_a_person(locale: Locale) -> &'static str {
    by(locale, "Falar com alguém", "Talk to someone", "Hablar con alguien")
}

fn weekday(locale: Locale, day: Weekday) -> &'static str {
    let index = day.num_days_from_monday() as usize;
    let names = match locale {
        Locale::Portuguese => [
            "na segunda-feira",
            "na terça-feira",
            "na quarta-feira",
            "na quinta-feira",
            "na sexta-feira",
            "no sábado",
            "no domingo",
        ],
        Locale::English => [
            "on Monday",
            "on Tuesday",
            "on Wednesday",
            "on Thursday",
            "on Friday",
            "on Saturday",
            "on Sunday",
        ],
        Locale::Spanish => {
            ["el lunes", "el martes", "el miércoles", "el jueves", "el viernes", "el sábado", "el domingo"]
        }
    };
    // A week has seven days.
    names[index.min(6)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_fit_whatsapp() {
        for locale in Locale::ALL {
            assert!(alert_buttons(locale).iter().all(|b| b.encode_utf16().count() <= 20));
            assert!(call_a_person(locale).encode_utf16().count() <= 20);
            assert!(open_menu(locale).encode_utf16().count() <= 20);
        }
    }

    #[test]
    fn sources_are_named_as_customers_read_them() {
        let one = [("Tabela de preços".to_owned(), Some(2))];
        assert_eq!(sources(Locale::Portuguese, &one), "Fonte: Tabela de preços (p. 2)");
        let two = [("Horários".to_owned(), None), ("Trocas".to_owned(), Some(1))];
        assert_eq!(sources(Locale::Portuguese, &two), "Fontes: Horários; Trocas (p. 1)");
    }

    #[test]
    fn the_hour_of_return_is_named() {
        let eight = NaiveTime::from_hms_opt(8, 0, 0).unwrap();
        let text = handed_over_closed(Locale::Portuguese, Weekday::Mon, eight, false);
        assert!(text.contains("na segunda-feira, a partir das 08:00"), "{text}");
    }
}
