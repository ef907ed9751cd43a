//! Answers without a language model: the sentences that say it, quoted with their citation. Pure.

use std::ops::Range;

use super::unsure::without_unsure;
use super::{Draft, EXTRACTIVE, Evidence, Tokens, rows};
use crate::model::{Hit, Locale, Outcome};
use crate::text::{Days, QueryTerm, days_in, detect, has_term, passage_terms, sentence_spans};
use crate::wording::answers::found;

/// Characters quoted of the best hit.
const FIRST: usize = 420;
/// Characters quoted of a further one.
const FURTHER: usize = 220;
/// Share of the question that a run of sentences has to have to be chosen by its words: below it, more is
/// quoted.
const TELLING: f32 = 0.3;
/// Hits quoted at most.
const QUOTES: usize = 3;
/// A further hit is quoted if it is ranked at least this close to the best.
const CLOSE: f32 = 0.72;
/// Days that a row of lines tells of at least to be a list, which tells of the other days too.
const A_LIST: usize = 2;

/// Quotes the best sentences of the best hits; refuses if all they tell of is another day.
pub(super) fn extract(evidence: &Evidence, locale: Locale) -> Draft {
    let mut text = found(locale).to_owned();
    let mut cited: Vec<Hit> = Vec::new();
    let best = evidence.hits.first().map_or(0.0, |h| h.rank_score);
    let covered = evidence.hits.first().map_or(0.0, |h| h.coverage);
    for (place, hit) in evidence.hits.iter().take(evidence.sure).enumerate() {
        let worth = place == 0 || (hit.rank_score >= best * CLOSE && hit.coverage >= covered * CLOSE);
        if !worth || cited.len() == QUOTES {
            continue;
        }
        let quote = quote(hit, evidence, if place == 0 { FIRST } else { FURTHER });
        let quote = without_unsure(&quote, locale).into_owned();
        // Overlapping chunks would say the same twice.
        if quote.is_empty() || text.contains(&quote) {
            continue;
        }
        cited.push(hit.clone());
        text.push_str(&format!("\n\n{quote} [{}]", cited.len()));
    }
    if cited.is_empty() {
        return Draft::refusal(locale, Tokens::default());
    }
    Draft {
        text,
        outcome: Outcome::Answered,
        cited,
        model: EXTRACTIVE.to_owned(),
        tokens: Tokens::default(),
        wish: None,
        fallback: false,
    }
}

/// The run of sentences of a hit, at most `budget` characters, that has most of the question.
fn quote(hit: &Hit, evidence: &Evidence, budget: usize) -> String {
    let content = hit.content.as_str();
    let spans = spans(content);
    if spans.is_empty() {
        return String::new();
    }
    let language = detect(content, evidence.language);
    let tells_of_the_day = |rows: &String| {
        let told = if evidence.days.is_empty() { Days::NONE } else { days_in(rows) };
        told.is_empty() || told.meets(evidence.days)
    };
    if let Some(rows) = rows::quote(content, evidence, language, TELLING, budget).filter(tells_of_the_day) {
        return rows;
    }
    let found: Vec<Vec<bool>> = spans
        .iter()
        .map(|span| {
            let (text, terms) = (&content[span.clone()], passage_terms(&content[span.clone()], language));
            evidence.terms.iter().map(|asked| has_term(&terms, text, asked)).collect()
        })
        .collect();
    let length = |from: usize, to: usize| content[spans[from].start..spans[to - 1].end].chars().count();

    let (score, core) = best_run(&found, &evidence.terms, |from, to| length(from, to) <= budget);
    let days = |asked: Days| -> Vec<Days> {
        let of =
            |span: &Range<usize>| if asked.is_empty() { Days::NONE } else { days_in(&content[span.clone()]) };
        spans.iter().map(of).collect()
    };
    let days = days(evidence.days);
    let Some(core) = of_the_day(&days, evidence.days, core) else { return String::new() };
    // Chosen by hardly a word, it may be any sentence of the passage that answers.
    let budget = if score < TELLING { budget * 2 } else { budget };
    // What follows a heading or a question is its answer; what stands before a statement leads to it.
    let mut window = core.clone();
    let fits = |window: &Range<usize>| length(window.start, window.end) <= budget;
    if !asks_on(&content[spans[core.end - 1].clone()]) {
        let joined = |start: usize| !content[spans[start - 1].end..spans[start].start].contains("\n\n");
        while window.start > 0 && joined(window.start) && fits(&(window.start - 1..window.end)) {
            window.start -= 1;
        }
    }
    loop {
        let before = window.clone();
        if window.end < spans.len() && fits(&(window.start..window.end + 1)) {
            window.end += 1;
        }
        if window.start > 0 && fits(&(window.start - 1..window.end)) {
            window.start -= 1;
        }
        if window == before {
            break;
        }
    }
    // A list that the day asked for was cut from is quoted from there.
    let window = match of_the_day(&days, evidence.days, window.clone()) {
        Some(whole) => whole,
        None => core.clone(),
    };
    let text = content[spans[window.start].start..spans[window.end - 1].end].trim();
    match table_header(content, &spans, core.start).filter(|header| *header < window.start) {
        Some(header) => cut(&format!("{}\n{text}", &content[spans[header].clone()]), budget),
        None => cut(text, budget),
    }
}

/// The run, or what has to be quoted in its place because it tells of other days than the one asked for: the nearest
/// span that tells of that day, or else the whole list. `None` if there is nothing but another day.
fn of_the_day(days: &[Days], asked: Days, run: Range<usize>) -> Option<Range<usize>> {
    let named = days[run.clone()].iter().copied().fold(Days::NONE, Days::and);
    if named.is_empty() || named.meets(asked) {
        return Some(run);
    }
    let telling = (0..days.len()).filter(|&index| days[index].meets(asked));
    if let Some(nearest) = telling.min_by_key(|index| index.abs_diff(run.start)) {
        return Some(nearest..nearest + 1);
    }
    let first = run.clone().find(|&index| !days[index].is_empty())?;
    let listed = |index: &usize| !days[*index].is_empty();
    let start = (0..first).rev().take_while(listed).last().unwrap_or(first);
    let end = (first..days.len()).take_while(listed).last().map_or(first + 1, |last| last + 1);
    let listed = days[start..end].iter().copied().fold(Days::NONE, Days::and);
    (listed.len() >= A_LIST).then(|| start.min(run.start)..end.max(run.end))
}

/// Whether a span leads to what comes after it: a question, a heading, the beginning of a list.
fn asks_on(span: &str) -> bool {
    span.ends_with(['?', ':']) || (!span.contains(" | ") && !span.ends_with(['.', '!', ';', ',']))
}

/// The shortest run of spans that has most of what the terms weigh, and how much that is.
fn best_run(
    found: &[Vec<bool>],
    terms: &[QueryTerm],
    fits: impl Fn(usize, usize) -> bool,
) -> (f32, Range<usize>) {
    let mut best: (f32, Range<usize>) = (0.0, 0..1);
    for start in 0..found.len() {
        let mut seen = vec![false; terms.len()];
        for end in start + 1..=found.len() {
            if end > start + 1 && !fits(start, end) {
                break;
            }
            for (seen, has) in seen.iter_mut().zip(&found[end - 1]) {
                *seen |= has;
            }
            let score: f32 = terms.iter().zip(&seen).filter(|(_, seen)| **seen).map(|(t, _)| t.weight).sum();
            let shorter = (score - best.0).abs() <= f32::EPSILON && end - start < best.1.len();
            if score > best.0 + f32::EPSILON || (shorter && score > 0.0) {
                best = (score, start..end);
            }
        }
    }
    best
}

/// The first row of the table that the span at `row` is in, if it is in one.
fn table_header(content: &str, spans: &[Range<usize>], row: usize) -> Option<usize> {
    let is_row = |index: usize| content[spans[index].clone()].contains(" | ");
    is_row(row).then(|| (0..row).rev().take_while(|&index| is_row(index)).last()).flatten()
}

/// Sentences, and lines: a row of a table or an item of a list is a statement too. The number of an item
/// belongs to it.
fn spans(content: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut offset = 0;
    for line in content.split_inclusive('\n') {
        let begun = out.len();
        for span in sentence_spans(line) {
            let span = span.start + offset..span.end + offset;
            let follows = out.len() > begun;
            match out.last_mut() {
                Some(number) if follows && is_marker(&content[number.clone()]) => number.end = span.end,
                _ => out.push(span),
            }
        }
        offset += line.len();
    }
    out
}

/// "3.", "b)"
fn is_marker(span: &str) -> bool {
    span.len() <= 4 && span.ends_with(['.', ')']) && span[..span.len() - 1].chars().all(char::is_alphanumeric)
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
        let terms = crate::text::query_terms(question, Locale::Portuguese);
        let days = crate::text::days_asked(question);
        Evidence {
            question: question.into(),
            terms,
            language: Locale::Portuguese,
            days,
            sure: hits.len(),
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
    fn the_row_that_answers_is_quoted_under_the_head_of_its_table() {
        let rows: String = (0..30).map(|n| format!("Serviço {n} | R$ {n},00\n")).collect();
        let content = format!("Serviço | Preço\n{rows}Remoção de nós | R$ 40,00\n{rows}");
        let draft =
            extract(&evidence("qual o preço da remoção de nós?", vec![hit(&content)]), Locale::Portuguese);
        assert!(draft.text.contains("\n\nRemoção de nós: Preço R$ 40,00 [1]"), "{}", draft.text);
    }

    #[test]
    fn a_day_is_quoted_with_what_its_list_is_about() {
        let content = "LOJA\n\nSegunda a sexta-feira: das 8h às 19h30.\nSábado: das 8h30 às 18h.\nDomingo: das 9h às 13h.\n\n\
                       O balcão da farmácia encerra às 19h nos dias de semana, porque o caixa precisa ser conferido.";
        let asked = evidence("e domingo?", vec![hit(content), hit(content)]);
        let quote = quote(&asked.hits[0], &asked, 120);
        assert!(quote.contains("Segunda a sexta") && quote.contains("Domingo: das 9h"), "{quote}");
    }

    /// On a day, without the question naming it.
    fn on(day: chrono::Weekday, question: &str, content: &str) -> Draft {
        let days = Days::of(day);
        let terms = crate::text::query_terms_on(question, Locale::Portuguese, days);
        let asked = Evidence { terms, days, ..evidence(question, vec![hit(content)]) };
        extract(&asked, Locale::Portuguese)
    }

    #[test]
    fn what_is_asked_about_today_is_quoted_of_today_or_as_a_whole_list() {
        use chrono::Weekday::{Mon, Sun, Wed};
        let filler =
            "A receita vem da avó da fundadora, que cozinhava para os tropeiros da região. ".repeat(8);
        let soups = format!(
            "Sopa do dia\n\nSegunda: abóbora. {filler}\nQuarta: ervilha. {filler}\nSexta: mandioquinha. {filler}"
        );
        let wednesday = on(Wed, "qual a sopa de hoje?", &soups);
        assert!(
            wednesday.text.contains("ervilha") && !wednesday.text.contains("mandioquinha"),
            "{}",
            wednesday.text
        );
        let hours = "seg fechado\nter a sex 6h as 20h\nsab 7 as 18\ndom 7 as 12";
        assert!(on(Sun, "que horas abre hoje?", hours).text.contains("dom 7 as 12"));
        assert!(on(Wed, "que horas abre hoje?", hours).text.contains("ter a sex 6h as 20h"));
        let weekdays = "Aulas de dança\n\nTerça e quinta às 19h.";
        assert!(on(Mon, "tem aula de dança hoje?", weekdays).text.contains("Terça e quinta"), "a list");
    }

    #[test]
    fn another_day_alone_is_no_answer() {
        use chrono::Weekday::{Fri, Mon};
        let friday = "Sexta-feira: promoção de esfiha.";
        assert_eq!(on(Mon, "qual a promoção de hoje?", friday).outcome, Outcome::Refused);
        assert!(on(Fri, "qual a promoção de hoje?", friday).text.contains("esfiha"));
    }

    #[test]
    fn an_item_keeps_its_number() {
        let content =
            "1. Traga o produto limpo.\n2. Nossa equipe testa o item.\n3. Fora da garantia há orçamento.";
        let asked = evidence("testam o item?", vec![hit(content)]);
        assert_eq!(
            quote(&asked.hits[0], &asked, 55),
            "1. Traga o produto limpo.\n2. Nossa equipe testa o item."
        );
    }

    #[test]
    fn what_is_no_evidence_is_not_quoted() {
        let mut asked =
            evidence("prazo", vec![hit("O prazo é de 7 dias."), hit("O prazo de entrega é outro.")]);
        asked.sure = 1;
        assert_eq!(extract(&asked, Locale::Portuguese).cited.len(), 1);
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
