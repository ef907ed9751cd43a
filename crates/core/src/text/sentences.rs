//! Where sentences begin and end.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::fold::fold;

/// Abbreviations after which a capital letter does not begin a sentence, folded.
const ABBREVIATIONS: [&str; 40] = [
    "sr", "sra", "srs", "sras", "dr", "dra", "drs", "prof", "profa", "eng", "exmo", "av", "al", "r", "rod",
    "trav", "n", "no", "nº", "num", "art", "arts", "inc", "par", "tel", "cel", "ref", "pag", "pp", "obs",
    "ex", "cia", "ltda", "mr", "mrs", "ms", "st", "vs", "min", "max",
];

/// Byte ranges of the sentences of `text`, without the white space around them. Together they cover
/// everything that is not white space.
pub fn sentence_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut open: Option<usize> = None;
    for (offset, piece) in text.split_sentence_bound_indices() {
        let start = open.take().unwrap_or(offset);
        let end = offset + piece.len();
        if ends_with_abbreviation(&text[start..end]) && end < text.len() {
            open = Some(start);
            continue;
        }
        push_trimmed(text, start..end, &mut spans);
    }
    if let Some(start) = open {
        push_trimmed(text, start..text.len(), &mut spans);
    }
    spans
}

fn push_trimmed(text: &str, span: Range<usize>, spans: &mut Vec<Range<usize>>) {
    let piece = &text[span.clone()];
    let trimmed = piece.trim();
    if !trimmed.is_empty() {
        let start = span.start + (piece.len() - piece.trim_start().len());
        spans.push(start..start + trimmed.len());
    }
}

fn ends_with_abbreviation(text: &str) -> bool {
    // A line break ends whatever was open.
    if text.ends_with('\n') {
        return false;
    }
    let Some(head) = text.trim_end().strip_suffix('.') else { return false };
    let word =
        head.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '/' | '.')).next().unwrap_or_default();
    let folded = fold(word);
    // One capital letter is an initial: "J. Silva".
    ABBREVIATIONS.contains(&folded.as_str())
        || (word.chars().count() == 1 && word.chars().all(char::is_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentence_spans(text).into_iter().map(|s| &text[s]).collect()
    }

    #[test]
    fn sentences_end_at_marks_not_at_abbreviations_or_numbers() {
        assert_eq!(
            split("O Dr. Silva atende na Av. Brasil, n. 10. Custa R$ 1.500,00. Agende já! Dúvidas?"),
            ["O Dr. Silva atende na Av. Brasil, n. 10.", "Custa R$ 1.500,00.", "Agende já!", "Dúvidas?"]
        );
    }

    #[test]
    fn nothing_but_white_space_is_lost() {
        let text = "  Uma frase. Outra\nlinha sem ponto\n\nFim (cf. art. 5º).  ";
        let kept: String = split(text).concat();
        let strip = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(strip(&kept), strip(text));
    }
}
