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
}

/// Tells the owner that a person is needed.
pub fn alert(locale: Locale, need: Need, customer: &str, last: &str) -> String {
    let why = match need {
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
    };
    let label = by(locale, "Última mensagem", "Last message", "Último mensaje");
    format!("{customer} {why}.\n{label}: {last}")
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

/// Tells the owner what their button did.
pub fn alert_done(locale: Locale, button: usize) -> &'static str {
    match button {
        0 => by(
            locale,
            "Escreva agora: a sua próxima mensagem vai para o cliente.",
            "Write now: your next message goes to the customer.",
            "Escriba ahora: su próximo mensaje va al cliente.",
        ),
        1 => by(
            locale,
            "Conversa assumida: o robô fica em silêncio.",
            "The conversation is yours: the bot is silent.",
            "Conversación asumida: el bot queda en silencio.",
        ),
        _ => by(
            locale,
            "Conversa devolvida ao robô.",
            "The conversation is the bot's again.",
            "Conversación devuelta al bot.",
        ),
    }
}

/// Tells the owner that their words went to the customer.
pub fn relayed(locale: Locale) -> &'static str {
    by(locale, "Enviado ao cliente.", "Sent to the customer.", "Enviado al cliente.")
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
