//! Whether somebody wants something done (an order, a booking, a refund) rather than to know something. The words are
//! in `lang/`: verbs of wanting and of doing, none of a trade.

use std::collections::HashMap;

use super::lang::{lists, words};
use super::sentences::sentence_spans;

/// Words that may stand between what says that something is wanted and what is to be done.
const BETWEEN: usize = 3;

/// Whether a message, without the courtesy around it, asks for a deed.
pub fn asks_for_a_deed(message: &str) -> bool {
    let mut spans = sentence_spans(message).into_iter().flat_map(|span| {
        // A line is a message of its own.
        message[span].split('\n').map(str::to_owned).collect::<Vec<_>>()
    });
    spans.any(|sentence| in_sentence(&sentence)) || is_deed(message)
}

fn in_sentence(sentence: &str) -> bool {
    let said = words(sentence);
    let asks = sentence.contains('?');
    (0..said.len()).any(|at| {
        starts(&lists().complaints, &said, at).is_some()
            || starts(&lists().commands, &said, at).is_some()
            || starts(&lists().wants, &said, at)
                .is_some_and(|(length, question)| !(asks && question) && wants_a_deed(&said[at + length..]))
    })
}

/// What follows a word of wanting is something to do, soon, or so many of something.
fn wants_a_deed(rest: &[String]) -> bool {
    let ordered = rest.first().is_some_and(|first| {
        lists().quantities.contains_key(first) || first.starts_with(|c: char| c.is_ascii_digit())
    });
    ordered || (0..rest.len().min(BETWEEN + 1)).any(|at| starts(&lists().deeds, rest, at).is_some())
}

/// Nothing but a deed is named: "nota fiscal".
fn is_deed(message: &str) -> bool {
    let said = words(message);
    said.len() > 1 && !message.contains('?') && lists().deeds.contains_key(&said.join(" "))
}

/// The longest phrase of a list that begins at a word: its words, and its mark.
fn starts(list: &HashMap<String, bool>, said: &[String], at: usize) -> Option<(usize, bool)> {
    let most = lists().longest.min(said.len() - at);
    (1..=most).rev().find_map(|length| Some((length, *list.get(&said[at..at + length].join(" "))?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_something_done_is_understood() {
        for message in [
            "quero pedir um lanche",
            "Quero fazer uma encomenda para sábado",
            "queria marcar um horário",
            "gostaria de agendar uma visita amanhã às 10h",
            "quero cancelar minha matrícula",
            "preciso da nota fiscal",
            "nota fiscal",
            "Quero 2 caixas para amanhã",
            "quero um orçamento",
            "meu pedido não chegou",
            "O produto veio quebrado, e agora?",
            "cancela meu pedido de ontem",
            "quero meu dinheiro de volta",
            "Quero reclamar do atendimento",
            "quero falar com o responsável",
            "I'd like to book a table for two",
            "I want to cancel my order",
            "where's my order?",
            "quisiera hacer una reserva",
            "mi pedido no ha llegado",
        ] {
            assert!(asks_for_a_deed(message), "{message}");
        }
    }

    #[test]
    fn a_question_about_a_deed_is_a_question() {
        for message in [
            "preciso agendar?",
            "preciso pagar antes?",
            "como faço para cancelar?",
            "qual o prazo para trocar?",
            "vocês emitem nota fiscal?",
            "posso cancelar a qualquer momento?",
            "quero o endereço",
            "quero ver o cardápio",
            "o reembolso demora quanto tempo?",
            "do I need to book?",
            "how do I cancel?",
            "¿puedo devolver un producto?",
            "que horas abre?",
        ] {
            assert!(!asks_for_a_deed(message), "{message}");
        }
    }
}
