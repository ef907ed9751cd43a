//! What a customer says around a question, or instead of one: greetings, thanks, "I would like to know". It asks
//! nothing, no document answers it, and it blurs what is asked. The phrases are in `lang/`.

use unicode_segmentation::UnicodeSegmentation;

use super::lang::{Phrase, lists, squeeze, word};
use crate::model::Courtesy;

/// Words of a message up to which a slip in a courtesy is forgiven: in a longer one it may be another word.
const SHORT: usize = 6;
/// Letters of a phrase from which on one may be wrong.
const LONG: usize = 7;
/// Words of a name at most.
const NAME: usize = 3;
/// What stands before the state that is written as laughter is.
const BEFORE_A_PLACE: [&str; 8] = ["no", "do", "em", "para", "pra", "pro", "de", "ao"];
/// Signs that thank.
const THANKING: &str = "🙏❤🧡💛💚💙💜🖤🤍💕💖💗💓💞💘😍🥰😘👏🤗🫶";

/// What a message says in which nothing is asked; `None` if something is, or nothing is there at all.
pub fn courtesy(message: &str) -> Option<Courtesy> {
    let written: Vec<&str> = message.unicode_words().collect();
    let said: Vec<String> = written.iter().copied().map(word).collect();
    if said.is_empty() {
        return signs(message);
    }
    let mut kinds: Vec<Courtesy> = Vec::new();
    let mut at = 0;
    while at < said.len() {
        if let Some((length, phrase)) = phrase_at(&said, at, |_| true) {
            kinds.push(phrase.kind);
            at += length;
        } else if is_laughter(&said[at]) {
            kinds.push(Courtesy::Acknowledgement);
            at += 1;
        } else if lists().fillers.contains_key(&said[at]) {
            at += 1;
        } else if let Some(length) = introduction(&written, &said, at) {
            kinds.push(Courtesy::Greeting);
            at += length;
        } else if let Some((length, kind)) = misspelled(&said, at) {
            kinds.push(kind);
            at += length;
        } else {
            return None;
        }
    }
    together(&kinds)
}

/// Whether a text begins with a greeting.
pub fn begins_with_greeting(text: &str) -> bool {
    let said: Vec<String> = text.unicode_words().take(lists().longest).map(word).collect();
    !said.is_empty()
        && phrase_at(&said, 0, |_| true).is_some_and(|(_, phrase)| phrase.kind == Courtesy::Greeting)
}

/// What several courtesies say together.
fn together(kinds: &[Courtesy]) -> Option<Courtesy> {
    let place = |kind: Courtesy| kinds.iter().position(|k| *k == kind);
    let has = |kind| place(kind).is_some();
    let (thanks, greeting) = (place(Courtesy::Thanks), place(Courtesy::Greeting));
    // "Obrigado, boa noite" ends a conversation, "boa noite, obrigado" begins one.
    let parting = matches!((thanks, greeting), (Some(thanks), Some(greeting)) if thanks < greeting);
    let of = |kind: Courtesy| has(kind).then_some(kind);
    if parting {
        return Some(Courtesy::Goodbye);
    }
    of(Courtesy::Identity)
        .or_else(|| of(Courtesy::Goodbye))
        .or_else(|| of(Courtesy::Wellbeing))
        .or_else(|| of(Courtesy::Greeting))
        .or_else(|| of(Courtesy::Yes))
        .or_else(|| of(Courtesy::Thanks))
        .or_else(|| of(Courtesy::LeadIn))
        .or_else(|| of(Courtesy::Acknowledgement))
}

/// What a message without words says.
fn signs(message: &str) -> Option<Courtesy> {
    let mut shown = message.chars().filter(|c| !c.is_whitespace()).peekable();
    shown.peek()?;
    if message.chars().any(|c| THANKING.contains(c) && c != '\u{fe0f}') {
        return Some(Courtesy::Thanks);
    }
    // Marks alone wait for an answer, or announce a question.
    let marks = message.chars().all(|c| c.is_whitespace() || c.is_ascii_punctuation() || "…¿¡".contains(c));
    Some(if marks { Courtesy::LeadIn } else { Courtesy::Acknowledgement })
}

/// A question without the courtesy around it; empty if there is nothing else. What is left keeps its spelling.
pub fn without_courtesy(question: &str) -> String {
    if courtesy(question).is_some() {
        return String::new();
    }
    let written: Vec<(usize, &str)> = question.unicode_word_indices().collect();
    let said: Vec<String> = written.iter().map(|(_, written)| word(written)).collect();
    let mut kept = String::new();
    // The text from here on was not looked at yet.
    let mut from = 0;
    let mut at = 0;
    while at < said.len() {
        let polite = match phrase_at(&said, at, |phrase| !phrase.alone) {
            Some((length, _)) => Some(length),
            None => laughs(&written, &said, at).then_some(1),
        };
        match polite {
            Some(count) => {
                kept.push_str(&question[from..written[at].0]);
                let last = written[at + count - 1];
                from = last.0 + last.1.len();
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

/// The longest phrase that begins at a word, and how many words it has.
fn phrase_at(said: &[String], at: usize, fits: impl Fn(&Phrase) -> bool) -> Option<(usize, Phrase)> {
    let most = lists().longest.min(said.len() - at);
    (1..=most).rev().find_map(|length| {
        let part = &said[at..at + length];
        let phrase = lists().courtesies.get(&part.join(" ")).copied();
        let phrase = phrase.or_else(|| {
            let drawn = part.iter().any(|word| is_drawn_out(word));
            let squeezed = || part.iter().map(|word| squeeze(word)).collect::<Vec<_>>().join(" ");
            drawn.then(squeezed).and_then(|key| lists().squeezed.get(&key).copied())
        });
        phrase.filter(&fits).map(|phrase| (length, phrase))
    })
}

/// Whether a letter is written more often than any word has it: three times in a row, or twice at the end.
fn is_drawn_out(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    let row = letters.windows(3).any(|three| three[0] == three[1] && three[1] == three[2]);
    let end = matches!(letters[..], [.., a, b] if a == b && "aeiou".contains(b) && word.len() > 2);
    row || end
}

/// A courtesy with one wrong letter, in a short message.
fn misspelled(said: &[String], at: usize) -> Option<(usize, Courtesy)> {
    if said.len() > SHORT {
        return None;
    }
    let most = 2.min(said.len() - at);
    (1..=most).rev().find_map(|length| {
        let written = said[at..at + length].join(" ");
        let near = lists().courtesies.iter().filter(|(phrase, known)| {
            matches!(known.kind, Courtesy::Greeting | Courtesy::Thanks | Courtesy::Goodbye)
                && phrase.len() >= LONG
                && phrase.split(' ').count() == length
                && strsim::osa_distance(&written, phrase) == 1
        });
        // Which of several does not matter, but it has to be the same every time.
        near.min_by_key(|(phrase, _)| phrase.as_str()).map(|(_, known)| (length, known.kind))
    })
}

/// "Sou a Paula", at the end of a message: so many words. "Sou diabético" tells something.
fn introduction(written: &[&str], said: &[String], at: usize) -> Option<usize> {
    let left = said.len() - at;
    let most = lists().longest.min(left.saturating_sub(1));
    let known = |n: &usize| lists().introductions.get(&said[at..at + n].join(" ")).copied();
    let (length, capital) = (1..=most).rev().find_map(|n| Some((n, known(&n)?)))?;
    let name = &written[at + length..];
    let written_as_one = name.iter().any(|part| part.starts_with(char::is_uppercase));
    ((1..=NAME).contains(&name.len()) && (written_as_one || !capital)).then_some(left)
}

/// "kkkk", "rsrsrs", "hahaha": a row of one letter or syllable that laughs.
fn is_laughter(word: &str) -> bool {
    let row = |syllable: &str| word.len() >= 2 * syllable.len() && word.replace(syllable, "").is_empty();
    ["k", "rs", "ha", "he", "hi", "ja", "je", "hue", "hua", "ah", "ua"].into_iter().any(row)
}

/// Whether the word at a place within a question is laughter; "RS" is a state too.
fn laughs(written: &[(usize, &str)], said: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| said[before].as_str()).unwrap_or_default();
    is_laughter(&said[at]) || (written[at].1 == "rs" && !BEFORE_A_PLACE.contains(&before))
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
            ("boa noiteee vcs abrem amanhã? kkkk", "vcs abrem amanhã?"),
            ("entregam no RS?", "entregam no RS?"),
            ("Qual o horário?", "Qual o horário?"),
            ("Que dia vence a boleta?", "Que dia vence a boleta?"),
            ("A tosa fica boa?", "A tosa fica boa?"),
            ("fazem tratamento de beleza?", "fazem tratamento de beleza?"),
            ("abrem de manhã? are you open in the morning?", "abrem de manhã? are you open in the morning?"),
        ];
        for (said, asked) in cases {
            assert_eq!(without_courtesy(said), asked);
            assert_eq!(courtesy(said), None, "{said}");
        }
    }

    #[test]
    fn a_courtesy_is_known_however_it_is_typed_and_nothing_is_left_of_it() {
        use Courtesy::{Acknowledgement, Goodbye, Greeting, Identity, LeadIn, Thanks, Wellbeing, Yes};
        for (said, kind) in [
            ("Oi!", Greeting),
            ("oiiii", Greeting),
            ("bom dia 😊", Greeting),
            ("Boaa noitee", Greeting),
            ("boa trade", Greeting),
            ("Oi, aqui é a Maria Clara", Greeting),
            ("buenas", Greeting),
            ("Bonjour!", Greeting),
            ("Guten Tag", Greeting),
            ("你好", Greeting),
            ("Здравствуйте", Greeting),
            ("こんにちは", Greeting),
            ("Oi, tudo bem?", Wellbeing),
            ("tudo bem?", Wellbeing),
            ("Hello, how are you?", Wellbeing),
            ("Muito obrigada!!", Thanks),
            ("obrigadooo pela ajuda viu", Thanks),
            ("thanks 🙏", Thanks),
            ("ok, valeu", Thanks),
            ("🙏❤️", Thanks),
            ("obrigado, boa noite", Goodbye),
            ("Tchau, até mais", Goodbye),
            ("boa noite, obrigado", Greeting),
            ("👍", Acknowledgement),
            ("ok", Acknowledgement),
            ("kkkkk", Acknowledgement),
            ("rsrs", Acknowledgement),
            ("ah entendi", Acknowledgement),
            ("sim, por favor", Yes),
            ("Boa tarde, gostaria de uma informação", Greeting),
            ("me tira uma dúvida?", LeadIn),
            ("???", LeadIn),
            ("você é um robô?", Identity),
        ] {
            assert_eq!(courtesy(said), Some(kind), "{said}");
            assert_eq!(without_courtesy(said), "", "{said}");
        }
        assert_eq!(courtesy(" "), None);
    }

    #[test]
    fn a_question_is_none() {
        for said in [
            "Oi, tem pão?",
            "está certo o valor?",
            "vocês têm banho e tosa?",
            "quem é o gerente?",
            "qual o nome da loja?",
            "bom dia, e a entrega?",
            "preço",
            "1",
            "obrigatório levar documento?",
            "oi, sou alérgico a amendoim",
            "this is terrible",
            "qual a senha do wifi?",
        ] {
            assert_eq!(courtesy(said), None, "{said}");
        }
    }
}
