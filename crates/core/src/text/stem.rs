//! Stems of folded words.
//!
//! Customers write without accents, so accents are folded before stemming. The Snowball rules for
//! Portuguese and Spanish expect them in some endings (`-ção`, `-ável`), so those endings get their
//! accents back first: every spelling of a word ends up as the same stem.

use rust_stemmers::{Algorithm, Stemmer};

use super::fold::fold;
use crate::model::Locale;

/// Folded endings and what they are spelled like, longest first.
const PORTUGUESE_ENDINGS: [(&str, &str); 17] = [
    ("aveis", "áveis"),
    ("iveis", "íveis"),
    ("encias", "ências"),
    ("ancias", "âncias"),
    ("encia", "ência"),
    ("ancia", "ância"),
    ("logias", "logías"),
    ("logia", "logía"),
    ("avel", "ável"),
    ("ivel", "ível"),
    ("coes", "ções"),
    ("soes", "sões"),
    ("oes", "ões"),
    ("aes", "ães"),
    ("cao", "ção"),
    ("sao", "são"),
    ("ao", "ão"),
];

/// Letters that an ending leaves at least: fewer would say nothing.
const SHORTEST: usize = 3;

/// Plurals whose stem Snowball does not bring to the singular's: ending, singular.
const PORTUGUESE_PLURALS: [(&str, &str); 5] =
    [("ões", "ão"), ("ães", "ão"), ("ais", "al"), ("eis", "el"), ("ns", "m")];

/// Nouns of an action, which Snowball leaves apart from their verb: ending, verb's ending.
const PORTUGUESE_ACTIONS: [(&str, &str); 4] =
    [("amentos", "ar"), ("amento", "ar"), ("imentos", "er"), ("imento", "er")];

/// Endings that Snowball leaves on short verbs and nouns, whose vowels begin early (`abre`, `abrem`, `pets`).
const PORTUGUESE_LEFT: [&str; 13] =
    ["imos", "amos", "emos", "ndo", "im", "am", "em", "ar", "er", "ir", "a", "e", "o"];

/// Stems of one word that no rule brings together: irregular participles and nouns.
const PORTUGUESE_SAME: [(&str, &str); 6] = [
    ("abert", "abr"),
    ("devolu", "devolv"),
    ("resolu", "resolv"),
    ("inscri", "inscrev"),
    ("feit", "faz"),
    ("entregu", "entreg"),
];

/// The stem of a folded word.
pub(super) fn stem(folded: &str, language: Locale) -> String {
    if folded.len() < 3 || folded.bytes().any(|b| b.is_ascii_digit()) {
        return folded.to_owned();
    }
    let (algorithm, word) = match language {
        Locale::Portuguese => (Algorithm::Portuguese, portuguese(folded)),
        Locale::English => (Algorithm::English, folded.to_owned()),
        Locale::Spanish => (Algorithm::Spanish, spanish(folded)),
    };
    let stem = fold(&Stemmer::create(algorithm).stem(&word));
    if language == Locale::Portuguese { portuguese_tail(stem) } else { stem }
}

fn portuguese(folded: &str) -> String {
    for (noun, verb) in PORTUGUESE_ACTIONS {
        if let Some(head) = folded.strip_suffix(noun)
            && head.len() >= SHORTEST
        {
            return format!("{head}{verb}");
        }
    }
    let mut word = folded.to_owned();
    for (plain, spelled) in PORTUGUESE_ENDINGS {
        if let Some(head) = word.strip_suffix(plain) {
            word = format!("{head}{spelled}");
            break;
        }
    }
    for (plural, singular) in PORTUGUESE_PLURALS {
        if let Some(head) = word.strip_suffix(plural)
            && !head.is_empty()
        {
            return format!("{head}{singular}");
        }
    }
    word
}

/// Brings together what Snowball leaves apart: plurals and forms of verbs too short for its regions, the last
/// vowel of a noun, which carries its gender and number only, and a few irregular words.
fn portuguese_tail(mut stem: String) -> String {
    if stem.ends_with('s') && !stem.ends_with("ss") && stem.len() > SHORTEST {
        stem.pop();
    }
    if let Some(ending) =
        PORTUGUESE_LEFT.iter().find(|e| stem.ends_with(**e) && stem.len() - e.len() >= SHORTEST)
    {
        stem.truncate(stem.len() - ending.len());
    }
    PORTUGUESE_SAME.iter().find(|(is, _)| *is == stem).map_or(stem, |(_, becomes)| (*becomes).to_owned())
}

fn spanish(folded: &str) -> String {
    for (plain, spelled) in [("ciones", "ciones"), ("cion", "ción"), ("sion", "sión"), ("logia", "logía")]
    {
        if let Some(head) = folded.strip_suffix(plain) {
            return format!("{head}{spelled}");
        }
    }
    folded.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(words: &[&str], language: Locale) {
        let stems: std::collections::BTreeSet<_> = words.iter().map(|w| stem(&fold(w), language)).collect();
        assert_eq!(stems.len(), 1, "{words:?} → {stems:?}");
    }

    #[test]
    fn every_spelling_of_a_portuguese_word_has_one_stem() {
        same(&["devolução", "devolucao", "devoluções", "devolucoes"], Locale::Portuguese);
        same(&["troca", "trocas", "trocar", "trocando", "trocou"], Locale::Portuguese);
        same(&["horário", "horario", "horários"], Locale::Portuguese);
        same(&["produto", "produtos"], Locale::Portuguese);
        same(&["cartão", "cartoes", "cartões"], Locale::Portuguese);
        same(&["disponível", "disponiveis"], Locale::Portuguese);
        same(&["pão", "pães", "pao", "paes"], Locale::Portuguese);
        same(&["animal", "animais"], Locale::Portuguese);
        same(&["abre", "abrem", "abrir", "abrimos", "aberto", "aberta", "abertos"], Locale::Portuguese);
        same(&["fecha", "fecham", "fechar", "fechado", "fechada"], Locale::Portuguese);
        same(&["entra", "entrar", "entram"], Locale::Portuguese);
        same(&["fala", "falar", "falam"], Locale::Portuguese);
        same(&["pet", "pets"], Locale::Portuguese);
        same(&["dia", "dias"], Locale::Portuguese);
        same(&["rua", "ruas"], Locale::Portuguese);
        same(&["pagar", "pagamento", "pagamentos", "pago", "paga"], Locale::Portuguese);
        same(&["devolver", "devolução", "devolvo"], Locale::Portuguese);
        same(&["atender", "atende", "atendem", "atendimento"], Locale::Portuguese);
        same(&["agendar", "agendamento", "agendo"], Locale::Portuguese);
        same(&["parcela", "parcelas", "parcelar", "parcelamento"], Locale::Portuguese);
        same(&["cancelar", "cancelo", "cancelamento"], Locale::Portuguese);
        same(&["quarto", "quartos"], Locale::Portuguese);
        same(&["preço", "preços", "preco"], Locale::Portuguese);
        same(&["sábado", "sábados", "sabado"], Locale::Portuguese);
    }

    #[test]
    fn different_portuguese_words_keep_different_stems() {
        let words =
            ["gato", "gasto", "conta", "canto", "vacina", "vaca", "mar", "mês", "sal", "taxa", "loja"];
        let stems: std::collections::BTreeSet<_> =
            words.iter().map(|w| stem(&fold(w), Locale::Portuguese)).collect();
        assert_eq!(stems.len(), words.len(), "{stems:?}");
    }

    #[test]
    fn english_words_have_one_stem() {
        same(&["refund", "refunds", "refunded"], Locale::English);
        same(&["delivery", "deliveries"], Locale::English);
    }

    #[test]
    fn numbers_and_short_words_stay() {
        assert_eq!(stem("89,90", Locale::Portuguese), "89,90");
        assert_eq!(stem("pix", Locale::Portuguese), "pix");
    }
}
