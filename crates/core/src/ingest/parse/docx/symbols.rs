//! Characters of symbol fonts, which the file gives as places in a font and not as letters.
//!
//! Word keeps a tick as place FC of Wingdings, either by itself or as a letter of the Latin alphabet or of the
//! private area set in that font. Here it becomes the character that looks the same; what has none in the tables
//! is left out and counted. A ticked and an unticked box look the same as those of form fields.

/// What stands for a ticked box.
pub(super) const TICKED: &str = "[x]";
/// What stands for an empty box.
pub(super) const UNTICKED: &str = "[ ]";

/// A font whose letters are symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SymbolFont {
    Symbol,
    Wingdings,
    Wingdings2,
    Wingdings3,
    Webdings,
}

impl SymbolFont {
    /// The symbol font of this name, if it is one.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "symbol" => Some(Self::Symbol),
            "wingdings" => Some(Self::Wingdings),
            "wingdings 2" => Some(Self::Wingdings2),
            "wingdings 3" => Some(Self::Wingdings3),
            "webdings" => Some(Self::Webdings),
            _ => None,
        }
    }

    /// What is seen at `place` of the font; none if the tables do not tell.
    fn at(self, place: u8) -> Option<String> {
        let place = char::from(place);
        let (fixed, found): (&[(u8, &str)], Option<char>) = match self {
            Self::Symbol => (&[], symbol(place)),
            Self::Wingdings => (WINGDINGS_BOXES, runs(WINGDINGS, place)),
            Self::Wingdings2 => (WINGDINGS2_BOXES, runs(WINGDINGS2, place)),
            Self::Wingdings3 => (&[], runs(WINGDINGS3, place)),
            Self::Webdings => (WEBDINGS_BOXES, runs(WEBDINGS, place)),
        };
        let fixed = fixed.iter().find(|(at, _)| char::from(*at) == place).map(|(_, text)| (*text).to_owned());
        fixed.or_else(|| found.map(String::from))
    }
}

/// `text` as it is seen when it is set in `font`, and how many of its characters are not known. Characters of the
/// private area come from such a font even where none is named: nearly always Wingdings.
pub(super) fn seen(text: &str, font: Option<SymbolFont>) -> (String, usize) {
    let mut out = String::with_capacity(text.len());
    let mut unknown = 0;
    for c in text.chars() {
        let code = u32::from(c);
        let place = match code {
            0xf020..=0xf0ff => u8::try_from(code - 0xf000).ok(),
            0x21..=0xff if font.is_some() => u8::try_from(code).ok(),
            _ => None,
        };
        match place {
            // The bullet of Symbol is what Word itself puts everywhere.
            Some(0xb7) if font.is_none() => out.push('•'),
            Some(place) => match font.unwrap_or(SymbolFont::Wingdings).at(place) {
                Some(text) => out.push_str(&text),
                None => unknown += 1,
            },
            None if is_private(c) => unknown += 1,
            None => out.push(c),
        }
    }
    (out, unknown)
}

/// Whether a character means something only in some font.
pub(super) fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}')
}

/// The character `char` of a `w:sym`, a number in base 16, as text of a run.
pub(super) fn of_code(code: &str) -> Option<char> {
    u32::from_str_radix(code, 16).ok().and_then(char::from_u32)
}

const WINGDINGS_BOXES: &[(u8, &str)] =
    &[(0xfe, TICKED), (0xa8, UNTICKED), (0x6f, UNTICKED), (0x71, UNTICKED), (0x72, UNTICKED)];
const WINGDINGS2_BOXES: &[(u8, &str)] = &[(0x52, TICKED), (0xa3, UNTICKED), (0x2a, UNTICKED)];
const WEBDINGS_BOXES: &[(u8, &str)] = &[(0x63, UNTICKED)];

/// Runs of neighbouring places: the first, and what is seen there and after it.
type Runs = &'static [(u8, &'static str)];

const WINGDINGS: Runs = &[
    (0x20, " ✏✂✁"),
    (0x28, "☎✆✉✉"),
    (0x36, "⌛⌨"),
    (0x3f, "✍✍✌👌👍👎☜☞☝☟✋☺😐☹💣☠"),
    (0x51, "✈☼💧❄"),
    (0x56, "✞"),
    (0x58, "✠✡☪☯"),
    (0x5e, "♈♉♊♋♌♍♎♏♐♑♒♓&&●❍■"),
    (0x73, "◆◆◆❖◆☒"),
    (0x7b, "❀✿“”"),
    (0x80, "0①②③④⑤⑥⑦⑧⑨⑩"),
    (0x8c, "❶❷❸❹❺❻❼❽❾❿"),
    (0x9e, "·•▪○"),
    (0xa4, "◉◎"),
    (0xa7, "▪"),
    (0xaa, "✦★✶✴✹✵"),
    (0xb7, "🕐🕑🕒🕓🕔🕕🕖🕗🕘🕙🕚🕛"),
    (0xd8, "➢"),
    (0xdf, "←→↑↓↖↗↙↘←→↑↓"),
    (0xef, "⇦⇨⇧⇩"),
    (0xfb, "✗✓☒"),
];
const WINGDINGS2: Runs = &[(0x20, " "), (0x27, "☎"), (0x4f, "✗✓☒"), (0x53, "☒☒"), (0x95, "••●●")];
const WINGDINGS3: Runs = &[(0x20, " "), (0x66, "←→↑↓"), (0x7b, "◀▶▲▼")];
const WEBDINGS: Runs =
    &[(0x20, " "), (0x61, "✓"), (0x67, "■"), (0x69, "ℹ"), (0x6e, "●"), (0x72, "✗"), (0x9b, "✉")];

fn runs(runs: Runs, place: char) -> Option<char> {
    let place = u8::try_from(u32::from(place)).ok()?;
    runs.iter()
        .rev()
        .find(|(first, _)| *first <= place)
        .and_then(|(first, seen)| seen.chars().nth(usize::from(place - first)))
}

/// Greek letters and signs of mathematics.
fn symbol(place: char) -> Option<char> {
    const CAPITALS: &str = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ";
    const SMALL: &str = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ";
    const SIGNS: Runs = &[
        (0xa0, "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…"),
        (0xc0, "ℵ"),
        (0xc7, "∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊"),
        (0xe2, "®©™∑"),
    ];
    match place {
        'A'..='Z' => CAPITALS.chars().nth(usize::from(place as u8 - b'A')),
        'a'..='z' => SMALL.chars().nth(usize::from(place as u8 - b'a')),
        '"' => Some('∀'),
        '$' => Some('∃'),
        '-' => Some('−'),
        '@' => Some('≅'),
        ' '..='~' => Some(place),
        _ => runs(SIGNS, place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_become_what_is_seen() {
        let of = |text: &str, font| seen(text, SymbolFont::named(font));
        assert_eq!(of("\u{f0fc}\u{f0fb}\u{f028}", "Wingdings"), ("✓✗☎".to_owned(), 0));
        assert_eq!(of("ü", "wingdings"), ("✓".to_owned(), 0));
        assert_eq!(of("\u{f0fe}\u{f0a8}", "Wingdings"), ("[x][ ]".to_owned(), 0));
        assert_eq!(of("RP\u{a3}", "Wingdings 2"), ("[x]✓[ ]".to_owned(), 0));
        assert_eq!(of("ar", "Webdings"), ("✓✗".to_owned(), 0));
        assert_eq!(of("\u{f0b0}\u{f0a3}m", "Symbol"), ("°≤μ".to_owned(), 0));
    }

    #[test]
    fn without_a_font_bullets_and_ticks_are_known_and_the_rest_is_counted() {
        assert_eq!(seen("\u{f0b7} um \u{f0fc}\u{e123}", None), ("• um ✓".to_owned(), 1));
        assert_eq!(seen("\u{f0ff}", SymbolFont::named("Wingdings")), (String::new(), 1));
        assert_eq!(seen("ação R$ 5", SymbolFont::named("Arial")), ("ação R$ 5".to_owned(), 0));
    }

    #[test]
    fn every_run_ends_before_the_next_begins() {
        for table in [WINGDINGS, WINGDINGS2, WINGDINGS3, WEBDINGS] {
            for pair in table.windows(2) {
                assert!(
                    usize::from(pair[0].0) + pair[0].1.chars().count() <= usize::from(pair[1].0),
                    "{pair:?}"
                );
            }
        }
    }
}
