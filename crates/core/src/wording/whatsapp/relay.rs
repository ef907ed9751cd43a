//! What the owner reads on their phone while a conversation goes on there.

use super::by;
use crate::model::Locale;

/// A conversation goes on here from now on: `customer` by name and last digits.
pub fn relaying(locale: Locale, customer: &str, word: &str) -> String {
    match locale {
        Locale::Portuguese => format!(
            "Você está falando com {customer}: o que você escrever aqui vai para o cliente, e o que ele escrever \
             chega aqui. Para devolver a conversa ao robô, toque no botão ou escreva “{word}”."
        ),
        Locale::English => format!(
            "You are talking to {customer}: what you write here goes to the customer, and what they write comes \
             here. To give the conversation back to the bot, press the button or write “{word}”."
        ),
        Locale::Spanish => format!(
            "Está hablando con {customer}: lo que escriba aquí va al cliente, y lo que él escriba llega aquí. Para \
             devolver la conversación al bot, toque el botón o escriba “{word}”."
        ),
    }
}

/// Above what a customer sent that has no room for a text of its own.
pub fn sent_by(locale: Locale, customer: &str, what: &str) -> String {
    match locale {
        Locale::Portuguese => format!("{customer} enviou: {what}"),
        Locale::English => format!("{customer} sent: {what}"),
        Locale::Spanish => format!("{customer} envió: {what}"),
    }
}

/// The owner's words went to this one of several.
pub fn sent_to(locale: Locale, customer: &str) -> String {
    match locale {
        Locale::Portuguese => format!("Enviado para {customer}."),
        Locale::English => format!("Sent to {customer}."),
        Locale::Spanish => format!("Enviado a {customer}."),
    }
}

/// A conversation is the agent's again.
pub fn given_back(locale: Locale, customer: &str) -> String {
    match locale {
        Locale::Portuguese => format!("Conversa com {customer} devolvida ao robô."),
        Locale::English => format!("The conversation with {customer} is the bot's again."),
        Locale::Spanish => format!("Conversación con {customer} devuelta al bot."),
    }
}

/// Several conversations are open, and it is not clear whom the owner means.
pub fn to_whom(locale: Locale) -> &'static str {
    by(
        locale,
        "Para quem é a sua mensagem? Ainda não enviei nada. Dica: responda (citando) a mensagem do cliente.",
        "Who is your message for? Nothing was sent yet. Tip: reply to (quote) the customer's message.",
        "¿Para quién es su mensaje? Aún no envié nada. Consejo: responda (citando) el mensaje del cliente.",
    )
}

/// What a file or the like is called in a text.
pub fn kind(locale: Locale, kind: &str) -> &'static str {
    match kind {
        "image" => by(locale, "foto", "photo", "foto"),
        "video" => by(locale, "vídeo", "video", "video"),
        "audio" | "voice" => by(locale, "áudio", "voice message", "audio"),
        "document" => by(locale, "arquivo", "file", "archivo"),
        "sticker" => by(locale, "figurinha", "sticker", "sticker"),
        "location" => by(locale, "localização", "location", "ubicación"),
        "contacts" => by(locale, "contato", "contact", "contacto"),
        "order" => by(locale, "carrinho", "cart", "carrito"),
        _ => by(
            locale,
            "mensagem que o WhatsApp não repassa",
            "a message that WhatsApp does not pass on",
            "un mensaje que WhatsApp no transmite",
        ),
    }
}

/// Customers wait for a person when the business opens.
pub fn waiting(locale: Locale, customers: usize) -> String {
    match locale {
        Locale::Portuguese => format!("Bom dia! {customers} clientes esperam por uma pessoa:"),
        Locale::English => format!("Good morning! {customers} customers wait for a person:"),
        Locale::Spanish => format!("¡Buenos días! {customers} clientes esperan a una persona:"),
    }
}

/// On the button that opens their list; 20 characters at most.
pub fn open_list(locale: Locale) -> &'static str {
    by(locale, "Escolher cliente", "Choose a customer", "Elegir cliente")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_fits_whatsapp() {
        for locale in Locale::ALL {
            assert!(open_list(locale).encode_utf16().count() <= 20);
        }
    }
}
