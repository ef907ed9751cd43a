//! What is said to a greeting, to thanks, to a goodbye; and what comes with a request.

use super::by;
use crate::model::{Courtesy, Locale};

/// What stands for the greeting in the text that a business chose.
pub const GREETING: &str = "{greeting}";

/// Good morning, by the hour where the business is.
pub fn greeting(locale: Locale, hour: u32) -> &'static str {
    match hour {
        5..12 => by(locale, "Bom dia", "Good morning", "Buenos días"),
        12..18 => by(locale, "Boa tarde", "Good afternoon", "Buenas tardes"),
        _ => by(locale, "Boa noite", "Good evening", "Buenas noches"),
    }
}

/// A greeting back. `welcome` is the business's own text: the greeting of the hour stands in place of
/// [`GREETING`], or before the text, unless `greets` says that it has one of its own.
pub fn welcome(locale: Locale, hour: u32, welcome: Option<&str>, greets: impl Fn(&str) -> bool) -> String {
    let now = greeting(locale, hour);
    match welcome.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) if text.contains(GREETING) => text.replace(GREETING, now),
        Some(text) if greets(text) => text.to_owned(),
        Some(text) => format!("{now}! {text}"),
        None => format!("{now}! {}", how_can_i_help(locale)),
    }
}

fn how_can_i_help(locale: Locale) -> &'static str {
    by(locale, "Como posso ajudar?", "How can I help?", "¿En qué puedo ayudar?")
}

/// What is said to a courtesy that is no greeting.
pub fn reply(courtesy: Courtesy, locale: Locale, hour: u32) -> String {
    match courtesy {
        Courtesy::Greeting => format!("{}! {}", greeting(locale, hour), how_can_i_help(locale)),
        Courtesy::Wellbeing => {
            let fine = by(locale, "Tudo bem, obrigado!", "I am fine, thank you!", "¡Todo bien, gracias!");
            format!("{}! {fine} {}", greeting(locale, hour), how_can_i_help(locale))
        }
        Courtesy::Thanks => by(
            locale,
            "Por nada! Se precisar de mais alguma coisa, é só escrever.",
            "You are welcome! If you need anything else, just write.",
            "¡De nada! Si necesita algo más, solo escriba.",
        )
        .to_owned(),
        Courtesy::Goodbye => by(
            locale,
            "Obrigado pelo contato. Até logo!",
            "Thank you for writing. Goodbye!",
            "Gracias por escribir. ¡Hasta luego!",
        )
        .to_owned(),
        Courtesy::Acknowledgement => by(
            locale,
            "Certo! Se precisar de mais alguma coisa, é só escrever.",
            "All right! If you need anything else, just write.",
            "¡De acuerdo! Si necesita algo más, solo escriba.",
        )
        .to_owned(),
        Courtesy::Yes | Courtesy::LeadIn => by(
            locale,
            "Claro! Pode escrever a sua dúvida.",
            "Of course! Go ahead and write your question.",
            "¡Claro! Puede escribir su duda.",
        )
        .to_owned(),
        Courtesy::Identity => by(
            locale,
            "Sou o atendimento virtual: respondo com o que está nos documentos da empresa e, quando for preciso, \
             chamo uma pessoa da equipe. Como posso ajudar?",
            "I am the virtual assistant: I answer from what the documents of the business say and, when needed, I \
             call someone from the team. How can I help?",
            "Soy la atención virtual: respondo con lo que dicen los documentos de la empresa y, cuando hace falta, \
             llamo a una persona del equipo. ¿En qué puedo ayudar?",
        )
        .to_owned(),
    }
}

/// Said to somebody who wants something done of which the documents say nothing.
pub fn request(locale: Locale) -> &'static str {
    by(
        locale,
        "Isso quem resolve é uma pessoa da equipe. Quer que eu chame alguém?",
        "Someone from the team takes care of that. Shall I call someone?",
        "De eso se encarga una persona del equipo. ¿Quiere que llame a alguien?",
    )
}

/// Said after what the documents say of something that somebody wants done.
pub fn offer(locale: Locale) -> &'static str {
    by(
        locale,
        "Quer que eu chame uma pessoa da equipe para cuidar disso?",
        "Shall I call someone from the team to take care of it?",
        "¿Quiere que llame a una persona del equipo para que se encargue?",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_greets() {
        let pt = Locale::Portuguese;
        let hours = [4, 5, 11, 12, 17, 18, 23].map(|hour| greeting(pt, hour));
        assert_eq!(
            hours,
            ["Boa noite", "Bom dia", "Bom dia", "Boa tarde", "Boa tarde", "Boa noite", "Boa noite"]
        );
    }

    #[test]
    fn the_business_says_it_in_its_own_words() {
        let pt = Locale::Portuguese;
        let said = |own| welcome(pt, 9, own, |text| text.starts_with("Olá"));
        assert_eq!(said(None), "Bom dia! Como posso ajudar?");
        assert_eq!(said(Some("Aqui é da Oficina Trevo.")), "Bom dia! Aqui é da Oficina Trevo.");
        assert_eq!(said(Some("{greeting}, você fala com a Ana.")), "Bom dia, você fala com a Ana.");
        assert_eq!(said(Some("Olá! Conte para a gente.")), "Olá! Conte para a gente.");
        assert_eq!(said(Some("  ")), "Bom dia! Como posso ajudar?");
    }
}
