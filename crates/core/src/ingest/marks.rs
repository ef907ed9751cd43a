//! Signs in a text that say what holds: text that is struck out, boxes that are ticked. Pure.

use std::borrow::Cow;

use crate::model::Parsed;

/// Where a parser left out what is struck out. It is not in the text that is stored.
pub const STRUCK_OUT: char = '\u{fffc}';

/// Words before a price that is struck out, and those before the one that holds: "de R$ 9 por R$ 7".
const LEAD_INS: [(&[&str], &[&str]); 3] = [
    (&["de", "antes", "era"], &["por", "agora"]),
    (&["from", "was", "before"], &["to", "for", "now"]),
    (&["de", "antes"], &["a", "por", "ahora"]),
];

/// Without the marks of what is struck out, and without a word that led to nothing but that: "de … por R$ 7" is
/// "por R$ 7".
pub(super) fn without_struck_out(text: &str) -> Cow<'_, str> {
    if !text.contains(STRUCK_OUT) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split(STRUCK_OUT);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let next = part.split_whitespace().next().unwrap_or_default().trim_end_matches(':').to_lowercase();
        let before = out.trim_end();
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = before[start..].trim_end_matches(':').to_lowercase();
        let leads =
            LEAD_INS.iter().any(|(old, new)| old.contains(&word.as_str()) && new.contains(&next.as_str()));
        if leads {
            out.truncate(start);
        }
        out.push_str(part);
    }
    out.into()
}

/// How the boxes of a document are written, whatever signs it uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Boxes {
    /// A crossed box is a ticked one: there is no other.
    crossed_is_ticked: bool,
}

impl Boxes {
    pub(super) fn of(parsed: &Parsed) -> Self {
        let has = |sign: char| parsed.pages.iter().flat_map(|p| &p.blocks).any(|b| b.text.contains(sign));
        Self { crossed_is_ticked: !has('☑') && !has('🗹') }
    }

    /// `[x]` and `[ ]` for the boxes in `text`.
    pub(super) fn written(self, text: Cow<'_, str>) -> Cow<'_, str> {
        if !text.contains(['☐', '☑', '☒', '🗹']) {
            return text;
        }
        let text = text.replace('☐', "[ ]").replace(['☑', '🗹'], "[x]");
        if self.crossed_is_ticked { text.replace('☒', "[x]").into() } else { text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Block, BlockKind, Metadata, Page};

    #[test]
    fn what_led_to_a_struck_out_price_goes_with_it() {
        let of = |text: &str| without_struck_out(&text.replace('~', &STRUCK_OUT.to_string())).into_owned();
        assert_eq!(of("Vaso de ~ por R$ 7"), "Vaso  por R$ 7");
        assert_eq!(of("De: ~ Por: R$ 7"), " Por: R$ 7");
        assert_eq!(of("was ~ now $7"), " now $7");
        assert_eq!(of("Vaso de ~ barro"), "Vaso de  barro");
        assert_eq!(of("Vaso: ~ R$ 7"), "Vaso:  R$ 7");
        assert_eq!(of("nada"), "nada");
    }

    #[test]
    fn boxes_look_the_same_whatever_signs_are_used() {
        let of = |text: &str| {
            let blocks = vec![Block { kind: BlockKind::Paragraph, text: text.to_owned() }];
            let pages = vec![Page { number: 1, blocks }];
            let parsed = Parsed { pages, metadata: Metadata::new(), notes: Vec::new() };
            Boxes::of(&parsed).written(text.into()).into_owned()
        };
        assert_eq!(of("☒ vaso ☐ prato"), "[x] vaso [ ] prato");
        assert_eq!(of("☑ vaso ☐ prato"), "[x] vaso [ ] prato");
        assert_eq!(of("☑ incluso ☒ não incluso"), "[x] incluso ☒ não incluso");
    }
}
