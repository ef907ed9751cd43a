//! What is said with an answer, or instead of one.

use crate::model::Locale;

/// Said when the documents have no answer.
pub fn refusal(locale: Locale) -> &'static str {
    match locale {
        Locale::Portuguese => {
            "Não encontrei essa informação nos nossos documentos. Posso ajudar com outra dúvida ou, se preferir, \
             chamar uma pessoa da equipe."
        }
        Locale::English => {
            "I could not find that in our documents. I can help with another question or, if you prefer, call \
             someone from the team."
        }
        Locale::Spanish => {
            "No encontré esa información en nuestros documentos. Puedo ayudar con otra duda o, si lo prefiere, \
             llamar a una persona del equipo."
        }
    }
}

/// Put before the sentences of an extractive answer.
pub fn found(locale: Locale) -> &'static str {
    match locale {
        Locale::Portuguese => "Encontrei isto nos nossos documentos:",
        Locale::English => "This is what our documents say:",
        Locale::Spanish => "Encontré esto en nuestros documentos:",
    }
}

/// Stands in a quote for a figure that OCR is not sure of.
pub fn illegible(locale: Locale) -> &'static str {
    match locale {
        Locale::Portuguese => "[ilegível]",
        Locale::English => "[illegible]",
        Locale::Spanish => "[ilegible]",
    }
}
