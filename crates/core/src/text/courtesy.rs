//! What a customer says around a question: greetings, thanks, "I would like to know". It asks nothing, no
//! document answers it, and it blurs what is asked.

use unicode_segmentation::UnicodeSegmentation;

use super::fold::fold;

/// Folded, as words in a row; of two that fit the longer is taken. Single words are here only if they can ask
/// nothing wherever they stand.
const PHRASES: [&str; 123] = [
    // Portuguese
    "oi",
    "oii",
    "oie",
    "oiee",
    "ola",
    "opa",
    "eai",
    "e ai",
    "alo",
    "salve",
    "bom dia",
    "boa tarde",
    "boa noite",
    "bom diaa",
    "boas",
    "dia bom",
    "tudo bem",
    "tudo bom",
    "td bem",
    "tdb",
    "td bom",
    "tudo certo",
    "como vai",
    "como voce esta",
    "como vc esta",
    "como voces estao",
    "como vcs estao",
    "tudo joia",
    "beleza",
    "blz",
    "por favor",
    "porfavor",
    "por gentileza",
    "pfv",
    "pf",
    "pff",
    "pvf",
    "obrigado",
    "obrigada",
    "obg",
    "obgd",
    "brigado",
    "brigada",
    "muito obrigado",
    "muito obrigada",
    "mto obrigado",
    "mto obrigada",
    "desde ja agradeco",
    "desde ja obrigado",
    "desde ja obrigada",
    "agradeco",
    "valeu",
    "vlw",
    "gostaria de saber",
    "queria saber",
    "quero saber",
    "preciso saber",
    "gostaria de uma informacao",
    "queria uma informacao",
    "preciso de uma informacao",
    "me tira uma duvida",
    "tira uma duvida",
    "tirar uma duvida",
    "tenho uma duvida",
    "uma duvida",
    "so uma duvida",
    "uma pergunta",
    "pode me dizer",
    "podem me dizer",
    "pode me informar",
    "podem me informar",
    "poderia me informar",
    "poderiam me informar",
    "poderia me dizer",
    "poderiam me dizer",
    "voces podem me dizer",
    "vcs podem me dizer",
    "me diz",
    "me diga",
    "me fala",
    "me informa",
    "me informe",
    "me ajuda",
    "pode me ajudar",
    "podem me ajudar",
    "sabe me dizer",
    "sabem me dizer",
    "com licenca",
    "boa semana",
    "bom fim de semana",
    "bom final de semana",
    "feliz natal",
    "ate mais",
    "ate logo",
    "tchau",
    "abraco",
    "abracos",
    "kkk",
    "kkkk",
    "rs",
    "rsrs",
    // English
    "hi",
    "hiya",
    "hello",
    "hey",
    "hi there",
    "hello there",
    "hey there",
    "good morning",
    "good afternoon",
    "good evening",
    "good night",
    "how are you",
    "please",
    "thank you",
    "thanks",
    "many thanks",
    "could you tell me",
    "can you tell me",
    "i would like to know",
    "i want to know",
    "i was wondering",
    "bye",
];

/// Spanish, apart: some of its words ask something in Portuguese.
const SPANISH: [&str; 12] = [
    "hola",
    "buenos dias",
    "buenas tardes",
    "buenas noches",
    "buenas",
    "por favor",
    "gracias",
    "muchas gracias",
    "quisiera saber",
    "quiero saber",
    "me gustaria saber",
    "adios",
];

/// Words of the longest phrase.
const LONGEST: usize = 5;

/// A question without the courtesy around it; empty if there is nothing else. What is left keeps its spelling.
pub fn without_courtesy(question: &str) -> String {
    let words: Vec<(usize, &str)> = question.unicode_word_indices().collect();
    let folded: Vec<String> = words.iter().map(|(_, word)| fold(word)).collect();
    let mut kept = String::new();
    // The text from here on was not looked at yet.
    let mut from = 0;
    let mut at = 0;
    while at < words.len() {
        let most = LONGEST.min(words.len() - at);
        let polite = (1..=most).rev().find(|n| is_phrase(&folded[at..at + n].join(" ")));
        let end = |index: usize| words[index].0 + words[index].1.len();
        match polite {
            Some(count) => {
                kept.push_str(&question[from..words[at].0]);
                from = end(at + count - 1);
                at += count;
            }
            None => at += 1,
        }
    }
    kept.push_str(&question[from..]);
    let kept = kept.trim_start_matches(|c: char| !c.is_alphanumeric() && !"¿¡\"'“(".contains(c)).trim_end();
    // Marks alone ask nothing.
    if kept.chars().any(char::is_alphanumeric) { kept.to_owned() } else { String::new() }
}

fn is_phrase(words: &str) -> bool {
    PHRASES.contains(&words) || SPANISH.contains(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_left() {
        let cases = [
            ("Oi, boa tarde! Tudo bem? Vocês aceitam cartão?", "Vocês aceitam cartão?"),
            ("bom dia qto custa a tosa", "qto custa a tosa"),
            ("gostaria de saber o horário, por favor", "o horário,"),
            ("Hello, could you tell me where you are?", "where you are?"),
            ("Hola, buenas tardes. ¿Abren hoy?", "¿Abren hoy?"),
            ("Qual o horário?", "Qual o horário?"),
            ("Que dia vence a boleta?", "Que dia vence a boleta?"),
            ("A tosa fica boa?", "A tosa fica boa?"),
        ];
        for (said, asked) in cases {
            assert_eq!(without_courtesy(said), asked);
        }
    }

    #[test]
    fn of_a_greeting_nothing_is_left() {
        for said in [
            "Oi!",
            "bom dia 😊",
            "Oi, tudo bem?",
            "Muito obrigada!!",
            "thanks 🙏",
            "👍",
            "???",
            "",
            "boa noite, obrigado",
        ] {
            assert_eq!(without_courtesy(said), "", "{said}");
        }
    }
}
