//! The word lists beside the code (`lang/`), for courtesies and requests, in every language at once: who writes a
//! greeting does not say in which language they will ask.
//!
//! A list has one phrase a line, folded: lower case, no accents, no apostrophes. A `#` begins a comment. What `=` before a
//! phrase means is said at the top of the lists that have it.

use std::collections::HashMap;
use std::sync::OnceLock;

use unicode_segmentation::UnicodeSegmentation;

use super::fold::fold;
use crate::model::Courtesy;

/// What a phrase is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phrase {
    pub kind: Courtesy,
    /// Whether it counts only where nothing else is in the message.
    pub alone: bool,
}

/// The lists, by phrase.
pub(super) struct Lists {
    pub courtesies: HashMap<String, Phrase>,
    /// The same with every row of one letter as that letter, for words that are drawn out.
    pub squeezed: HashMap<String, Phrase>,
    /// Words that may stand among courtesies.
    pub fillers: HashMap<String, bool>,
    /// What stands before a name.
    pub introductions: HashMap<String, bool>,
    /// What says that something is wanted; `true`: a question mark makes it a question.
    pub wants: HashMap<String, bool>,
    pub deeds: HashMap<String, bool>,
    pub commands: HashMap<String, bool>,
    pub complaints: HashMap<String, bool>,
    pub quantities: HashMap<String, bool>,
    /// Words of the longest phrase of any list.
    pub longest: usize,
}

macro_rules! list {
    ($name:literal) => {
        [
            include_str!(concat!("lang/pt/", $name, ".txt")),
            include_str!(concat!("lang/en/", $name, ".txt")),
            include_str!(concat!("lang/es/", $name, ".txt")),
        ]
    };
}

/// The phrases of lists, each with whether it has the mark.
fn phrases(lists: [&'static str; 3]) -> impl Iterator<Item = (String, bool)> {
    lists.into_iter().flat_map(lines)
}

fn lines(list: &'static str) -> impl Iterator<Item = (String, bool)> {
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let marked = line.strip_prefix('=');
        (words(marked.unwrap_or(line)).join(" "), marked.is_some())
    })
}

pub(super) fn lists() -> &'static Lists {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    LISTS.get_or_init(|| {
        let mut courtesies = HashMap::new();
        let kinds = [
            (Courtesy::Greeting, list!("greetings")),
            (Courtesy::Wellbeing, list!("wellbeing")),
            (Courtesy::Thanks, list!("thanks")),
            (Courtesy::Goodbye, list!("goodbyes")),
            (Courtesy::Acknowledgement, list!("acknowledgements")),
            (Courtesy::Acknowledgement, list!("laughter")),
            (Courtesy::LeadIn, list!("lead_ins")),
            (Courtesy::Identity, list!("identity")),
        ];
        for (kind, lists) in kinds {
            for (phrase, alone) in phrases(lists) {
                courtesies.entry(phrase).or_insert(Phrase { kind, alone });
            }
        }
        for (phrase, _) in phrases(list!("yes")) {
            courtesies.entry(phrase).or_insert(Phrase { kind: Courtesy::Yes, alone: true });
        }
        for (phrase, alone) in lines(include_str!("lang/other/greetings.txt")) {
            courtesies.entry(phrase).or_insert(Phrase { kind: Courtesy::Greeting, alone });
        }
        let mut squeezed = HashMap::new();
        for (phrase, known) in &courtesies {
            // What is more common keeps the key.
            let key = squeeze(phrase);
            if key != *phrase || !squeezed.contains_key(&key) {
                squeezed.insert(key, *known);
            }
        }
        let mut lists = Lists {
            courtesies,
            squeezed,
            fillers: phrases(list!("fillers")).collect(),
            introductions: phrases(list!("introductions")).collect(),
            wants: phrases(list!("wants")).collect(),
            deeds: phrases(list!("deeds")).collect(),
            commands: phrases(list!("commands")).collect(),
            complaints: phrases(list!("complaints")).collect(),
            quantities: phrases(list!("quantities")).collect(),
            longest: 0,
        };
        let all = [&lists.introductions, &lists.wants, &lists.deeds, &lists.commands, &lists.complaints];
        let all = all.into_iter().flat_map(HashMap::keys).chain(lists.courtesies.keys());
        lists.longest = all.map(|phrase| phrase.split(' ').count()).max().unwrap_or_default();
        lists
    })
}

/// The words of a text, folded and without apostrophes, as the lists have them.
pub(super) fn words(text: &str) -> Vec<String> {
    text.unicode_words().map(word).collect()
}

/// One of them.
pub(super) fn word(written: &str) -> String {
    fold(written).replace(['\'', '’'], "")
}

/// Every row of one letter as that letter: "oiii" is "oi".
pub(super) fn squeeze(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_written_as_they_are_looked_up() {
        let all = [
            list!("greetings"),
            list!("wellbeing"),
            list!("thanks"),
            list!("goodbyes"),
            list!("acknowledgements"),
            list!("laughter"),
            list!("lead_ins"),
            list!("identity"),
            list!("yes"),
            list!("fillers"),
            list!("introductions"),
            list!("wants"),
            list!("deeds"),
            list!("commands"),
            list!("complaints"),
            list!("quantities"),
        ];
        for list in all.into_iter().flatten() {
            for line in list.lines().filter(|line| !line.starts_with('#')) {
                let phrase = line.strip_prefix('=').unwrap_or(line);
                assert_eq!(words(phrase).join(" "), phrase, "{line:?}");
            }
        }
    }
}
