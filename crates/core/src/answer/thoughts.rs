//! What a model thought, taken out of what it says. Pure.
//!
//! Models that reason write their thoughts into the text where a server has no parser for them: in tags
//! (`<think>…</think>`), with the closing tag alone where the template writes the opening one, never closed
//! where the tokens ran out, or in channels (Harmony). Nothing of it is for customers. Where the documents or
//! the question speak of such tags, only what cannot be a quotation is taken out.

/// Tags that thoughts stand between.
const TAGS: [(&str, &str); 8] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<reflection>", "</reflection>"),
    ("<seed:think>", "</seed:think>"),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
];
/// Begins the name of a channel; after [`MESSAGE`] comes what is said in it.
const CHANNEL: &str = "<|channel|>";
const MESSAGE: &str = "<|message|>";
/// Channels where the marks themselves were lost: `analysisThe customer asks …assistantfinalYes.`
const BARE: (&str, &str) = ("analysis", "assistantfinal");
/// Marks that end an answer and should never have been written.
const ENDS: [&str; 10] = [
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|start|>",
    "<|eot_id|>",
    "<|endoftext|>",
    "<end_of_turn>",
    "<|end_of_text|>",
    "</s>",
];
/// The longest mark, in bytes: so much may be the beginning of one.
const LONGEST_MARK: usize = 16;

/// Whether a text speaks of such tags.
pub(super) fn mentions(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains(CHANNEL) || TAGS.iter().any(|(open, close)| text.contains(open) || text.contains(close))
}

/// What a model says, without what it thought; `None` while it thinks, or if it did nothing else.
///
/// With `ended`, `raw` is all there is; without, what may still turn out to be a mark is not part of it.
/// `quotable` says that the model may be quoting such tags.
pub(super) fn without(raw: &str, ended: bool, quotable: bool) -> Option<String> {
    let text = raw.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    // Bytes keep their places: only ASCII changes.
    let low = text.to_ascii_lowercase();
    if !ended && BARE.0.starts_with(text) {
        return None;
    }
    let said = if let Some(said) = channels(text, &low, quotable) {
        said?
    } else if text.strip_prefix(BARE.0).is_some_and(|rest| rest.starts_with(|c: char| c.is_uppercase())) {
        text[low.rfind(BARE.1)? + BARE.1.len()..].to_owned()
    } else {
        tags(text, &low, quotable)?
    };
    let said = finished(&said, ended);
    (!said.trim().is_empty()).then(|| said.trim_start().to_owned())
}

/// What is said in the last final channel; `None` if there are no channels.
#[expect(clippy::option_option, reason = "no channels, channels without a final one, and what it says")]
fn channels(text: &str, low: &str, quotable: bool) -> Option<Option<String>> {
    let first = low.find(CHANNEL)?;
    if quotable && first > "<|start|>assistant".len() {
        return None;
    }
    let Some(last) = low.rfind(&format!("{CHANNEL}final")) else { return Some(None) };
    let said = low[last..].find(MESSAGE).map(|at| text[last + at + MESSAGE.len()..].to_owned());
    Some(said)
}

/// The text without what stands between tags, or before a closing one.
fn tags(text: &str, low: &str, quotable: bool) -> Option<String> {
    let mut out = String::new();
    let mut at = 0;
    // Where nothing was said yet, a tag is no quotation.
    while let Some((start, open, close)) = first_open(low, at, quotable && !out.trim().is_empty()) {
        let said = lone_close(text, low, at..start, quotable).unwrap_or(at..start);
        if said.start > at {
            out.clear();
        }
        out.push_str(&text[said]);
        let inner = start + open.len();
        if quotable && !out.trim().is_empty() {
            // It may be quoted: it stays.
            out.push_str(&text[start..inner]);
            at = inner;
            continue;
        }
        let Some(end) = low[inner..].find(close) else { return (!out.trim().is_empty()).then_some(out) };
        at = inner + end + close.len();
    }
    if let Some(said) = lone_close(text, low, at..low.len(), quotable) {
        return Some(text[said].to_owned());
    }
    out.push_str(&text[at..]);
    Some(out)
}

/// The first opening tag from `at` on, with its closing one. With `quoted` those are left out that stand in
/// quotation marks.
fn first_open(low: &str, at: usize, quoted: bool) -> Option<(usize, &'static str, &'static str)> {
    let found = TAGS.iter().filter_map(|(open, close)| {
        let start = at + low[at..].find(open)?;
        (!quoted || !low[..start].ends_with(['`', '"', '“', '\''])).then_some((start, *open, *close))
    });
    found.min_by_key(|(start, ..)| *start)
}

/// What comes after the last closing tag that nothing opened, within a range. Where it may be quoted, it has to
/// stand in a line of its own.
fn lone_close(
    text: &str,
    low: &str,
    within: std::ops::Range<usize>,
    quotable: bool,
) -> Option<std::ops::Range<usize>> {
    let part = &low[within.clone()];
    let ends = TAGS.iter().filter_map(|(_, close)| {
        let found = part.rmatch_indices(close).find(|(place, _)| {
            let (before, after) = (&part[..*place], &part[place + close.len()..]);
            !quotable || (before.ends_with('\n') || before.is_empty()) && after.starts_with('\n')
        });
        found.map(|(place, _)| within.start + place + close.len())
    });
    let end = ends.max()?;
    debug_assert!(text.is_char_boundary(end));
    Some(end..within.end)
}

/// The text up to a mark that ends it. Without `ended`, what may become a mark is left out.
fn finished(text: &str, ended: bool) -> &str {
    let text = ENDS.iter().filter_map(|end| text.find(end)).min().map_or(text, |end| &text[..end]);
    if ended {
        return text;
    }
    let tail = text.rfind(['<', '◁', '[']).filter(|at| text.len() - at < LONGEST_MARK);
    match tail {
        Some(at) if may_become_mark(&text[at..].to_ascii_lowercase()) => &text[..at],
        _ => text,
    }
}

fn may_become_mark(tail: &str) -> bool {
    let tags = TAGS.iter().flat_map(|(open, close)| [*open, *close]);
    tags.chain(ENDS).chain([CHANNEL]).any(|mark| mark.starts_with(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(raw: &str) -> Option<String> {
        let whole = without(raw, true, false);
        // Piece by piece nothing comes out that the whole does not begin with, but for a closing tag that
        // nothing opened: whoever shows pieces has to wait for a sign of the answer.
        if !raw.contains("</think>") || raw.contains("<think>") {
            for (end, _) in raw.char_indices() {
                if let Some(piece) = without(&raw[..end], false, false) {
                    let whole = whole.as_deref().unwrap_or_default();
                    assert!(whole.starts_with(piece.trim_end()), "{piece:?} of {raw:?}");
                }
            }
        }
        whole
    }

    #[test]
    fn thoughts_between_tags_are_not_said() {
        for raw in [
            "<think>\nhm, [1] diz 9h.\n</think>\n\nAbre às 8h [1].",
            "  <THINK>hm</THINK>Abre às 8h [1].",
            "<thinking>hm</thinking><think>ainda</think>Abre às 8h [1].",
            "[THINK]hm[/THINK] Abre às 8h [1].",
            "◁think▷hm◁/think▷Abre às 8h [1].",
            "hm, o dono quer sigilo.\n</think>\nAbre às 8h [1].",
            "hm</think>mais</think>Abre às 8h [1].",
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Abre às 8h [1].",
            "<|start|>assistant<|channel|>final <|constrain|>json<|message|>Abre às 8h [1].<|return|>",
            "analysisThe customer asks.assistantfinalAbre às 8h [1].",
            "Abre às 8h [1].<|im_end|>",
            "Abre <think>hm</think>às 8h [1].</s>",
        ] {
            assert_eq!(said(raw).as_deref(), Some("Abre às 8h [1]."), "{raw}");
        }
    }

    #[test]
    fn who_only_thinks_says_nothing() {
        for raw in [
            "<think>\nhm",
            "<think>hm</think>\n ",
            "hm</think>",
            "<|channel|>analysis<|message|>hm",
            "<|channel|>commentary<|message|>hm<|end|>",
            "analysisThe customer",
            "",
        ] {
            assert_eq!(said(raw), None, "{raw}");
        }
        assert_eq!(said("Abre às 8h. <think>e agora").as_deref(), Some("Abre às 8h. "));
    }

    #[test]
    fn what_documents_say_of_tags_may_be_repeated() {
        for text in [
            "Escreva `<think>` antes e `</think>` depois [1].",
            "A tag <think> abre, </think> fecha [1].",
            "Use </think> no fim [1].",
        ] {
            assert_eq!(without(text, true, true).as_deref(), Some(text));
        }
        let thought = "<think>o cliente pergunta da tag</think>\nA tag <think> abre [1].";
        assert_eq!(without(thought, true, true).as_deref(), Some("A tag <think> abre [1]."));
        let lone = "o cliente pergunta\n</think>\nA tag <think> abre [1].";
        assert_eq!(without(lone, true, true).as_deref(), Some("A tag <think> abre [1]."));
        assert!(mentions("o que faz <THINK>?") && !mentions("a < b"));
    }

    #[test]
    fn plain_texts_stay_as_they_are() {
        for text in ["Analysis costs 5 [1].", "a < b e [x", "análise: R$ 5", "I think so."] {
            assert_eq!(said(text).as_deref(), Some(text));
        }
    }
}
