//! Answers without a language model: the sentences that say it, quoted with their citation. Pure.

use std::collections::HashSet;
use std::ops::Range;

use super::{Draft, EXTRACTIVE, Evidence, Tokens};
use crate::model::{Hit, Locale};
use crate::text::{detect, sentence_spans, terms};
use crate::wording::answers::found;

/// Characters quoted of the best hit.
const FIRST: usize = 420;
/// Characters quoted of a further one.
const FURTHER: usize = 220;
/// Hits quoted at most.
const QUOTES: usize = 3;
/// A further hit is quoted if it is ranked at least this close to the best.
const CLOSE: f32 = 0.72;

/// Quotes the best sentences of the best hits.
pub(super) fn extract(evidence: &Evidence, locale: Locale) -> Draft {
    let mut text = found(locale).to_owned();
    let mut cited: Vec<Hit> = Vec::new();
    let best = evidence.hits.first().map_or(0.0, |h| h.rank_score);
    let covered = evidence.hits.first().map_or(0.0, |h| h.coverage);
    for (place, hit) in evidence.hits.iter().enumerate() {
        let worth = place == 0 || (hit.rank_score >= best * CLOSE && hit.coverage >= covered * CLOSE);
        if !worth || cited.len() == QUOTES {
            continue;
        }
        let quote = quote(hit, &evidence.terms, if place == 0 { FIRST } else { FURTHER });
        // Overlapping chunks would say the same twice.
        if quote.is_empty() || text.contains(&quote) {
            continue;
        }
        cited.push(hit.clone());
        text.push_str(&format!("\n\n{quote} [{}]", cited.len()));
    }
    Draft { text, cited, model: EXTRACTIVE.to_owned(), tokens: Tokens::default(), wish: None }
}

/// The run of sentences of a hit, at most `budget` characters, that has most of the question.
fn quote(hit: &Hit, question: &[String], budget: usize) -> String {
    let spans = spans(&hit.content);
    if spans.is_empty() {
        return String::new();
    }
    let language = detect(&hit.content, Locale::default());
    let asked: HashSet<&str> = question.iter().map(String::as_str).collect();
    let found: Vec<HashSet<String>> = spans
        .iter()
        .map(|s| {
            terms(&hit.content[s.clone()], language)
                .into_iter()
                .filter(|t| asked.contains(t.as_str()))
                .collect()
        })
        .collect();
    let length = |range: &Range<usize>| hit.content[range.clone()].chars().count();

    let mut best: (usize, Range<usize>) = (0, 0..1);
    for start in 0..spans.len() {
        let mut seen: HashSet<&String> = HashSet::new();
        for end in start + 1..=spans.len() {
            if end > start + 1 && length(&(spans[start].start..spans[end - 1].end)) > budget {
                break;
            }
            seen.extend(&found[end - 1]);
            if seen.len() > best.0 {
                best = (seen.len(), start..end);
            }
        }
    }
    // What follows a heading or a question is its answer; then what leads to it, while there is room.
    let mut window = best.1;
    while window.end < spans.len() && length(&(spans[window.start].start..spans[window.end].end)) <= budget {
        window.end += 1;
    }
    while window.start > 0 && length(&(spans[window.start - 1].start..spans[window.end - 1].end)) <= budget {
        window.start -= 1;
    }
    let text = hit.content[spans[window.start].start..spans[window.end - 1].end].trim();
    cut(text, budget)
}

/// Sentences, and lines: a row of a table or an item of a list is a statement too.
fn spans(content: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut offset = 0;
    for line in content.split_inclusive('\n') {
        out.extend(sentence_spans(line).into_iter().map(|s| s.start + offset..s.end + offset));
        offset += line.len();
    }
    out
}

/// Shortens a single sentence that is longer than the budget at a word.
fn cut(text: &str, budget: usize) -> String {
    match text.char_indices().nth(budget * 2) {
        None => text.to_owned(),
        Some((end, _)) => {
            let end = text[..end].rfind(char::is_whitespace).unwrap_or(end);
            format!("{}…", text[..end].trim_end())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChunkId, DocumentId};

    fn hit(content: &str) -> Hit {
        Hit {
            chunk_id: ChunkId(uuid::Uuid::nil()),
            document_id: DocumentId(uuid::Uuid::nil()),
            chunk_index: 0,
            page_number: 1,
            filename: "a.md".into(),
            path: "/a.md".into(),
            heading: None,
            content: content.into(),
            cosine: 0.6,
            bm25: 1.0,
            coverage: 1.0,
            rank_score: 1.0,
        }
    }

    fn evidence(question: &str, hits: Vec<Hit>) -> Evidence {
        Evidence {
            question: question.into(),
            terms: crate::text::query_terms(question, Locale::Portuguese),
            hits,
        }
    }

    #[test]
    fn the_sentence_that_says_it_is_quoted_and_cited() {
        let filler = "Nossa loja nasceu em Campinas e cresceu com os clientes. ".repeat(12);
        let content = format!("{filler}O prazo para devolução é de 30 dias corridos. {filler}");
        let draft =
            extract(&evidence("qual o prazo pra devolucao?", vec![hit(&content)]), Locale::Portuguese);
        assert!(draft.text.contains("30 dias corridos"), "{}", draft.text);
        assert!(draft.text.ends_with("[1]"));
        assert_eq!((draft.cited.len(), draft.model.as_str()), (1, "extractive"));
        assert!(draft.text.chars().count() < 600);
    }

    #[test]
    fn the_answer_below_a_question_is_quoted_with_it() {
        let content = "Vocês entregam aos domingos?\n\nNão. As entregas são de segunda a sábado.";
        let draft = extract(&evidence("entregam domingo?", vec![hit(content)]), Locale::Portuguese);
        assert!(draft.text.contains("de segunda a sábado"), "{}", draft.text);
    }

    #[test]
    fn the_same_words_are_not_quoted_twice() {
        let draft = extract(
            &evidence("prazo", vec![hit("O prazo é de 7 dias."), hit("O prazo é de 7 dias.")]),
            Locale::English,
        );
        assert_eq!(draft.cited.len(), 1);
        assert!(draft.text.starts_with("This is what our documents say:"));
    }
}
