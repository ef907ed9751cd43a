//! What the owner of the business is told on WhatsApp: who needs them, and what became of what they did.

use super::by;
use crate::model::Locale;

/// Why somebody of the business is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The customer asked for a person.
    Asked,
    /// The documents did not answer several times.
    Refused,
    /// Answering failed.
    Failed,
    /// A message could not be sent.
    Unsent,
    /// A customer wrote whose conversation is on the owner's phone.
    Wrote,
}

/// Tells the owner that a person is needed; `quotes` are the customer's own words, a quoted line each.
pub fn alert(locale: Locale, need: Need, customer: &str, quotes: &str) -> String {
    let why = why(locale, need);
    if quotes.is_empty() {
        return format!("{customer} {why}.");
    }
    let label = by(locale, "O cliente escreveu", "The customer wrote", "El cliente escribió");
    format!("{customer} {why}.\n{label}:\n{quotes}")
}

/// The same in one line, for the place in a template.
pub fn alert_line(locale: Locale, need: Need, customer: &str, quotes: &str) -> String {
    let why = why(locale, need);
    if quotes.is_empty() { format!("{customer} {why}") } else { format!("{customer} {why}: {quotes}") }
}

fn why(locale: Locale, need: Need) -> &'static str {
    match need {
        Need::Asked => by(
            locale,
            "pediu para falar com uma pessoa",
            "asked for a person",
            "pidió hablar con una persona",
        ),
        Need::Refused => by(
            locale,
            "perguntou o que os documentos não respondem",
            "asked what the documents do not answer",
            "preguntó lo que los documentos no responden",
        ),
        Need::Failed => by(locale, "ficou sem resposta", "got no answer", "se quedó sin respuesta"),
        Need::Unsent => {
            by(locale, "não recebeu uma mensagem", "did not get a message", "no recibió un mensaje")
        }
        Need::Wrote => by(locale, "escreveu de novo", "wrote again", "escribió de nuevo"),
    }
}

/// The text of the template that tells owners who have not written for a day.
pub fn alert_template(locale: Locale) -> &'static str {
    by(
        locale,
        "Atendimento: {{1}}. Toque em Responder para falar com o cliente por aqui.",
        "Customer service: {{1}}. Press Answer to talk to the customer here.",
        "Atención: {{1}}. Toque Responder para hablar con el cliente por aquí.",
    )
}

/// What Meta's reviewers read in its place.
pub fn alert_example(locale: Locale) -> &'static str {
    by(
        locale,
        "Ana (5511999990001) pediu para falar com uma pessoa: “Quero um atendente”",
        "Ana (5511999990001) asked for a person: “I would like to talk to someone”",
        "Ana (5511999990001) pidió hablar con una persona: “Quiero hablar con alguien”",
    )
}

/// On the owner's buttons: write to the customer, take the conversation over, give it back. Each 20
/// characters at most.
pub fn alert_buttons(locale: Locale) -> [&'static str; 3] {
    match locale {
        Locale::Portuguese => ["Responder", "Assumir", "Devolver ao robô"],
        Locale::English => ["Answer", "Take over", "Give back"],
        Locale::Spanish => ["Responder", "Asumir", "Devolver al bot"],
    }
}

/// Tells the owner that they took a conversation over.
pub fn alert_done(locale: Locale) -> &'static str {
    by(
        locale,
        "Conversa assumida: o robô fica em silêncio.",
        "The conversation is yours: the bot is silent.",
        "Conversación asumida: el bot queda en silencio.",
    )
}

/// Tells that a file cannot be passed on.
pub fn relayed_no_file(locale: Locale) -> &'static str {
    by(
        locale,
        "O arquivo não pôde ser repassado.",
        "The file could not be passed on.",
        "El archivo no se pudo reenviar.",
    )
}

/// Tells the owner that their button is about a conversation that is not there any more.
pub fn alert_gone(locale: Locale) -> &'static str {
    by(
        locale,
        "Essa conversa não existe mais.",
        "That conversation does not exist any more.",
        "Esa conversación ya no existe.",
    )
}

/// Tells the owner that their words did not go to the customer: only a template may be sent now.
pub fn not_relayed_late(locale: Locale) -> &'static str {
    by(
        locale,
        "Não foi enviado: o cliente escreveu há mais de 24 horas, e o WhatsApp só aceita um modelo agora.",
        "Not sent: the customer wrote more than 24 hours ago, and WhatsApp takes only a template now.",
        "No se envió: el cliente escribió hace más de 24 horas y WhatsApp solo acepta una plantilla ahora.",
    )
}

/// Tells the owner that their words cannot be sent as they are.
pub fn not_relayed(locale: Locale) -> &'static str {
    by(
        locale,
        "Não foi enviado: a mensagem está vazia ou é longa demais.",
        "Not sent: the message is empty or too long.",
        "No se envió: el mensaje está vacío o es demasiado largo.",
    )
}
