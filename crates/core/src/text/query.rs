//! What a question asks for, term by term: its words, what says the same, and how much each says.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

use super::asking::days_asked;
use super::concepts::{Sign, concept_of, concept_of_stem, is_noise, is_soft, is_subject, written_out};
use super::days::{day_named, names_of};
use super::fold::fold;
use super::language::decided;
use super::sentences::sentence_spans;
use super::signs::shows;
use super::stem::stem;
use super::stopwords::is_stop_word;
use super::terms::{terms, words_of};
use super::week::Days;
use crate::model::Locale;

/// What a word about the question weighs ("do you offer …") beside one of its subject.
const SOFT: f32 = 0.35;

/// Words from which on a message tells a story around its question.
const STORY: usize = 18;
/// What a word weighs that stands only in the story.
const AROUND: f32 = 0.3;

/// A term of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTerm {
    /// Its stem.
    pub term: String,
    /// The same word otherwise: a number written in another way, the stem in another language.
    pub same: Vec<String>,
    /// Terms that say nearly the same, in whatever language.
    pub near: Vec<String>,
    /// What a passage shows that says nearly the same.
    pub sign: Option<Sign>,
    /// What it weighs among the question's terms, 0 to 1.
    pub weight: f32,
    /// Whether it only counts for what has it: lacking it says nothing.
    pub optional: bool,
}

impl QueryTerm {
    fn plain(term: String, weight: f32) -> Self {
        Self { term, same: Vec::new(), near: Vec::new(), sign: None, weight, optional: false }
    }

    /// Its own term, then those of the same word, then those that say nearly the same.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.exactly().chain(self.nearly())
    }

    /// Its own term, then those of the same word.
    pub fn exactly(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.term).chain(&self.same).map(String::as_str)
    }

    /// The terms that say nearly the same.
    pub fn nearly(&self) -> impl Iterator<Item = &str> {
        self.near.iter().map(String::as_str)
    }

    /// How many of [`QueryTerm::all`] are the word itself.
    pub fn exact(&self) -> usize {
        1 + self.same.len()
    }

    /// Takes a term of the documents as what was meant, with all that says the same.
    pub fn corrected(&mut self, meant: &str, language: Locale) {
        if let Some(known) = concept_of_stem(meant, language) {
            self.near.extend(known.stems.iter().filter(|s| *s != meant).cloned());
            self.sign = self.sign.or(known.sign);
        }
        self.same.push(meant.to_owned());
    }
}

/// The distinct terms of a question, in order; `default` is the language it is expected in. A question that
/// asks nothing has none.
pub fn query_terms(question: &str, default: Locale) -> Vec<QueryTerm> {
    let decided = decided(question, default);
    let language = decided.unwrap_or(default);
    let mut found: Vec<QueryTerm> = Vec::new();
    let mut concepts = BTreeSet::new();
    let words: Vec<String> = words_of(question, language);
    let days = days_asked(question);
    for (place, word) in words.iter().enumerate() {
        let folded = written_out(word, language);
        if is_stop_word(folded, language) || is_noise(folded, language) {
            continue;
        }
        let before = place.checked_sub(1).map(|before| words[before].as_str()).unwrap_or_default();
        if matches!(folded, "feira" | "feiras") && day_named(before).is_some() {
            continue;
        }
        let term = stem(folded, language);
        if found.iter().any(|known| known.all().any(|t| t == term)) {
            continue;
        }
        let weight = if is_soft(folded, language) { SOFT } else { 1.0 };
        let mut asked = QueryTerm::plain(term, weight);
        if folded.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')) {
            asked.same = spellings(folded, &words, place);
        } else {
            if decided.is_none() {
                let others = Locale::ALL.into_iter().map(|other| stem(folded, other));
                asked.same = others.filter(|other| *other != asked.term).collect();
                asked.same.dedup();
            }
            if let Some(known) = concept_of(folded, language) {
                if !concepts.insert(known.id) {
                    continue;
                }
                asked.near = known.stems.iter().filter(|s| asked.all().all(|t| t != *s)).cloned().collect();
                asked.sign = known.sign;
            }
            if let Some(day) = day_named(folded).filter(|day| days.meets(Days::of(*day))) {
                names_a_day(&mut asked, day);
            }
        }
        found.push(asked);
    }
    implied(&words, language, &mut found, &mut concepts);
    if found.is_empty() {
        // Nothing but small words ("quem são vocês?"): better those than nothing.
        let mut seen = BTreeSet::new();
        let small = question.unicode_words().map(fold).filter(|word| seen.insert(word.clone()));
        found = small.map(|word| QueryTerm::plain(word, 1.0)).collect();
    }
    if words.len() > STORY {
        quieten_the_story(question, language, &mut found);
    }
    found
}

/// The same, and the days that the question means without naming them: what tells of them is to be found before what
/// tells of others.
pub fn query_terms_on(question: &str, default: Locale, days: Days) -> Vec<QueryTerm> {
    let mut found = query_terms(question, default);
    let language = decided(question, default).unwrap_or(default);
    let small = |term: &QueryTerm| {
        is_stop_word(&term.term, language) || is_noise(&term.term, language) || term.term.len() < 2
    };
    // "E hoje?" asks for nothing else.
    let alone = !days.is_empty() && found.iter().all(small);
    if alone {
        found.clear();
    }
    // Whoever asks for hours asks for those of the day.
    let weight = if alone || found.iter().any(|term| term.sign == Some(Sign::Time)) { 1.0 } else { SOFT };
    for day in days.each() {
        if found.iter().any(|term| term.sign == Some(Sign::Day(day))) {
            continue;
        }
        let name = names_of(day).next().unwrap_or_default();
        let mut asked = QueryTerm::plain(stem(name, default), weight);
        asked.optional = !alone;
        names_a_day(&mut asked, day);
        found.push(asked);
    }
    found
}

/// A term that is a day: a passage has it that tells of the day, in whatever words.
fn names_a_day(asked: &mut QueryTerm, day: chrono::Weekday) {
    for name in names_of(day) {
        let term = stem(name, Locale::Portuguese);
        if asked.all().all(|known| known != term) {
            asked.near.push(term);
        }
    }
    asked.sign = Some(Sign::Day(day));
}

/// Whether a question names something that is asked about by itself: delivery, payment, parking.
pub fn names_a_subject(question: &str, default: Locale) -> bool {
    let language = decided(question, default).unwrap_or(default);
    words_of(question, language)
        .iter()
        .map(|word| written_out(word, language))
        .any(|word| !is_stop_word(word, language) && is_subject(word, language))
}

/// A customer tells what happened and then asks: what stands in the question counts more. Without a question
/// mark all of it counts alike.
fn quieten_the_story(message: &str, language: Locale, found: &mut [QueryTerm]) {
    let asked: BTreeSet<String> = sentence_spans(message)
        .into_iter()
        .filter(|span| message[span.clone()].contains('?'))
        .flat_map(|span| words_of(&message[span], language))
        .map(|word| stem(written_out(&word, language), language))
        .collect();
    let in_question = |term: &QueryTerm| term.all().any(|t| asked.contains(t));
    if found.iter().any(|term| term.weight >= 1.0 && in_question(term)) {
        for term in found.iter_mut().filter(|term| !in_question(term)) {
            term.weight *= AROUND;
        }
    }
}

/// "Where are you?", "quanto fica?": small words that ask for a place or a price.
fn implied(words: &[String], language: Locale, found: &mut Vec<QueryTerm>, concepts: &mut BTreeSet<usize>) {
    let says = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let mut add = |word: &str, weight: f32| {
        if let Some(known) = concept_of(word, language).filter(|known| concepts.insert(known.id)) {
            let term = stem(word, language);
            let near = known.stems.iter().filter(|s| **s != term).cloned().collect();
            found.push(QueryTerm { term, same: Vec::new(), near, sign: known.sign, weight, optional: false });
        }
    };
    let nothing = concepts_and_terms_are_absent(words, language);
    if nothing && says(&["onde", "cade", "kd", "where", "wheres"]) {
        add(if language == Locale::English { "address" } else { "endereco" }, 1.0);
    }
    let much = says(&["quanto", "qto", "qnto", "qnt"]) || (says(&["how"]) && says(&["much"]));
    if much && !says(&["tempo", "time", "dias", "days"]) {
        add(if language == Locale::English { "price" } else { "preco" }, if nothing { 1.0 } else { SOFT });
    }
}

fn concepts_and_terms_are_absent(words: &[String], language: Locale) -> bool {
    words.iter().all(|word| {
        let word = written_out(word, language);
        is_stop_word(word, language) || is_noise(word, language) || is_soft(word, language)
    })
}

/// How else a number of a question may stand in a document: prices, times, dates, postal codes, telephones.
fn spellings(number: &str, words: &[String], place: usize) -> Vec<String> {
    let mut same = Vec::new();
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let whole = digits.trim_start_matches('0');
    if number.contains([',', '.']) {
        // R$ 1.500,00 is 1500 and 1.500.
        if let Some(cents) = number.strip_suffix(",00").or_else(|| number.strip_suffix(".00")) {
            same.push(cents.to_owned());
            same.push(cents.replace(['.', ','], ""));
        } else if number.len() > 4 && number.rsplit(['.', ',']).next().is_some_and(|last| last.len() == 3) {
            same.push(digits.clone());
            same.push(format!("{number},00"));
            same.push(format!("{digits},00"));
        } else if let Some(tenths) = number.strip_suffix('0') {
            same.push(tenths.to_owned());
        }
        same.push(number.replace(',', "."));
        same.push(number.replace('.', ","));
    } else if digits.len() <= 7 && !whole.is_empty() {
        let thousands = grouped(whole);
        same.extend([format!("{whole},00"), format!("{whole}.00"), format!("{thousands},00"), thousands]);
        if digits.len() == 1 {
            same.push(format!("0{digits}"));
        }
        same.push(whole.to_owned());
    } else if digits.len() >= 8 {
        // A postal code is written 5 + 3, a telephone number ends in 4.
        same.push(digits[..5].to_owned());
        same.push(digits[digits.len() - 4..].to_owned());
        if digits.len() >= 10 {
            same.push(digits[2..digits.len() - 4].to_owned());
        }
    }
    if let Some(month) = month_before_or_after(number, words, place) {
        same.push(month);
    }
    same.retain(|spelling| spelling != number);
    same.dedup();
    same
}

/// "25/12" → the month's name for the 12.
fn month_before_or_after(number: &str, words: &[String], place: usize) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "janeiro",
        "fevereiro",
        "marco",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ];
    let day = place.checked_sub(1).and_then(|before| words.get(before))?.parse::<u32>().ok()?;
    let month = number.parse::<usize>().ok()?;
    let name = month.checked_sub(1).and_then(|index| MONTHS.get(index))?;
    ((1..=31).contains(&day)).then(|| stem(name, Locale::Portuguese))
}

/// 1500 → 1.500
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}

/// The terms of a passage that a question's term is there by: for choosing what to quote.
pub fn has_term(passage: &BTreeSet<String>, text: &str, asked: &QueryTerm) -> bool {
    // A room ("quarto") is no Wednesday.
    if let Some(sign @ Sign::Day(_)) = asked.sign {
        return shows(text, sign);
    }
    asked.all().any(|term| passage.contains(term)) || asked.sign.is_some_and(|sign| shows(text, sign))
}

/// The distinct terms of a passage in `language`.
pub fn passage_terms(text: &str, language: Locale) -> BTreeSet<String> {
    terms(text, language).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: &str) -> Vec<String> {
        query_terms(question, Locale::Portuguese).into_iter().map(|t| t.term).collect()
    }

    fn same(question: &str, word: &str) -> Vec<String> {
        let terms = query_terms(question, Locale::Portuguese);
        let found = terms.into_iter().find(|t| t.term == word);
        found.map(|t| [t.same, t.near].concat()).unwrap_or_default()
    }

    #[test]
    fn a_question_of_small_words_only_still_asks_something() {
        assert!(!query_terms("quem são vocês?", Locale::Portuguese).is_empty());
        let place = stem("endereco", Locale::Portuguese);
        assert_eq!(asked("onde é?"), [place.as_str()]);
        assert!(same("onde vocês ficam?", "fic").contains(&place));
    }

    #[test]
    fn words_of_one_concept_stand_for_each_other_in_both_languages() {
        let price = same("quanto custa a tosa?", "cust");
        for word in [stem("preco", Locale::Portuguese), stem("price", Locale::English)] {
            assert!(price.contains(&word), "{word}: {price:?}");
        }
        let hours = query_terms("what time do you close?", Locale::Portuguese);
        assert!(hours[0].near.contains(&stem("horario", Locale::Portuguese)), "{hours:?}");
        assert_eq!(hours[0].sign, Some(Sign::Time));
        assert_eq!(asked("que horas abre, que horas fecha?").len(), 1);
    }

    #[test]
    fn short_forms_are_written_out() {
        assert_eq!(asked("vcs abrem sab?"), ["abr", "sab"]);
        assert_eq!(asked("vcs abrem sábado?"), ["abr", "sab"]);
    }

    #[test]
    fn a_day_is_asked_for_by_whatever_name_and_today_only_helps() {
        use chrono::Weekday::{Tue, Wed};
        let terms = query_terms("abre na quarta-feira?", Locale::Portuguese);
        assert_eq!(
            terms.iter().map(|t| t.sign).collect::<Vec<_>>(),
            [Some(Sign::Time), Some(Sign::Day(Wed))]
        );
        let via = query_terms("segunda via do boleto", Locale::Portuguese);
        assert!(via.iter().all(|term| !matches!(term.sign, Some(Sign::Day(_)))), "{via:?}");
        let today = query_terms_on("qual o prato de hoje?", Locale::Portuguese, Days::of(Tue));
        let [dish, day] = &today[..] else { panic!("{today:?}") };
        assert!(!dish.optional && day.optional && day.sign == Some(Sign::Day(Tue)));
        let only = query_terms_on("e hoje?", Locale::Portuguese, Days::of(Tue));
        assert!(only.len() == 1 && !only[0].optional, "{only:?}");
    }

    #[test]
    fn a_number_is_found_however_the_document_writes_it() {
        assert!(same("tem por 1500 reais?", "1500").contains(&"1.500,00".to_owned()));
        assert!(same("custa 50", "50").contains(&"50,00".to_owned()));
        assert!(same("R$ 1.500,00", "1.500,00").contains(&"1500".to_owned()));
        assert!(same("abre 8h", "8").contains(&"08".to_owned()));
        assert!(same("cep 13025270", "13025270").contains(&"13025".to_owned()));
        assert!(same("abre 25/12?", "12").contains(&stem("dezembro", Locale::Portuguese)));
    }

    #[test]
    fn a_single_noun_is_looked_for_in_every_language() {
        assert!(same("opening hours", "opening").contains(&"open".to_owned()));
    }

    #[test]
    fn of_a_story_the_question_counts_most() {
        let story = "Oi, comprei uma cafeteira na semana passada, ela chegou na terça e meu marido derrubou a jarra \
                     de vidro na pia. Vocês vendem a jarra avulsa?";
        let terms = query_terms(story, Locale::Portuguese);
        let weight = |word: &str| {
            let term = stem(word, Locale::Portuguese);
            terms.iter().find(|t| t.term == term).map(|t| t.weight)
        };
        assert!(weight("jarra") > weight("marido"), "{terms:?}");
        assert_eq!(weight("avulsa"), Some(1.0));
    }
}
