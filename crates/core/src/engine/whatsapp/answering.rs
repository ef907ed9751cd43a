//! From an answer to the messages that say it: WhatsApp's own formatting, sources in words that customers
//! understand, parts that fit. And from a voice note to its words.

use serde_json::Value;

use super::super::Engine;
use super::draft::{Case, Draft};
use super::people::with_person_button;
use crate::error::Result;
use crate::jobs::is_final;
use crate::model::{Answer, Locale, Outcome, Source};
use crate::store::{Part, Pending, Turnout};
use crate::whatsapp::client::MediaError;
use crate::whatsapp::outgoing::INTERACTIVE_BODY;
use crate::whatsapp::render::render;
use crate::whatsapp::split::{LONGEST_TEXT, split, utf16_len};
use crate::wording::courtesy::offer;
use crate::wording::whatsapp::{self as wording, Need};

impl Engine {
    /// What is said with an answer. One refusal too many calls a person instead.
    pub(super) fn said(case: &Case<'_>, answer: Answer) -> Draft {
        let locale = case.locale();
        let refused = answer.outcome == Outcome::Refused;
        let refusals = match answer.outcome {
            Outcome::Refused => case.state.refusals.saturating_add(1),
            Outcome::Answered => 0,
            // Neither is an answer, and neither is a refusal.
            Outcome::Courtesy | Outcome::Request => case.state.refusals,
        };
        let most = case.config.max_refusals;
        if refused && most > 0 && refusals >= most {
            let draft = Draft::calling(wording::handed_over_refused(locale), Need::Refused);
            return Draft { answered: Some(answer), ..draft };
        }
        let shown = case.channel.show_sources.unwrap_or(case.config.show_sources);
        // A refusal comes with a way out.
        let parts = match answer.outcome {
            Outcome::Refused => vec![with_person_button(answer.answer.clone(), locale)],
            Outcome::Request => with_offer(&answer, locale, shown),
            Outcome::Answered | Outcome::Courtesy => message_parts(&answer, locale, shown),
        };
        if parts.is_empty() {
            tracing::error!(query = %answer.query_id, "an answer has nothing in it that WhatsApp shows");
            return Draft::calling(wording::failed_once(locale), Need::Failed);
        }
        let turnout = Turnout { refusals, release: super::lane::is_abandoned(case), ..Turnout::default() };
        Draft { parts, answered: Some(answer), turnout, need: None }
    }

    /// What was spoken, or `None` if nothing here can hear it, now or later: the customer is asked to write.
    pub(super) async fn transcript(&self, case: &Case<'_>, voice: &Pending) -> Result<Option<String>> {
        match self.hear(case, voice).await {
            Err(error) if is_final(&error) => {
                tracing::error!(message = %voice.id, error = ?error, "a voice note cannot be heard");
                Ok(None)
            }
            heard => heard,
        }
    }

    async fn hear(&self, case: &Case<'_>, voice: &Pending) -> Result<Option<String>> {
        let Some(transcriber) = &self.parts.whatsapp.transcriber else { return Ok(None) };
        let message: Value = serde_json::from_str(&voice.details).unwrap_or_default();
        let id = ["/audio/id", "/voice/id"].iter().find_map(|path| message.pointer(path)?.as_str());
        let Some(id) = id else { return Ok(None) };
        let cap = case.config.max_media_mb * 1024 * 1024;
        let media = match self.parts.whatsapp.graph.media(&case.channel.number()?, id, cap).await {
            Ok(media) => media,
            // It will not become readable.
            Err(MediaError::TooLarge { .. } | MediaError::Corrupt | MediaError::Untrusted { .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let boundary = self.parts.clock.new_id().simple().to_string();
        let language = case.locale().code();
        match transcriber.transcribe(&media.bytes, &media.mime_type, language, &boundary).await {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Ok(Some(text)),
            Err(error) => Err(error),
        }
    }
}

/// The messages of an answer.
fn message_parts(answer: &Answer, locale: Locale, with_sources: bool) -> Vec<Part> {
    let text = without_markers(&answer.answer, answer.sources.len());
    let mut text = render(&text);
    if text.is_empty() {
        return Vec::new();
    }
    if with_sources && !answer.sources.is_empty() {
        text = format!("{text}\n\n_{}_", wording::sources(locale, &documents(&answer.sources)));
    }
    split(&text, LONGEST_TEXT).into_iter().map(Part::text).collect()
}

/// The messages of an answer to somebody who wants something done: what the documents say of it, if anything, and a
/// button that calls a person below it.
fn with_offer(answer: &Answer, locale: Locale, with_sources: bool) -> Vec<Part> {
    if answer.sources.is_empty() {
        return vec![with_person_button(answer.answer.clone(), locale)];
    }
    let told = answer.answer.trim_end().trim_end_matches(offer(locale)).trim_end();
    let told = Answer { answer: told.to_owned(), ..answer.clone() };
    let mut parts = message_parts(&told, locale, with_sources);
    let together = |last: &Part| format!("{}\n\n{}", last.text, offer(locale));
    match parts.last().map(together).filter(|text| utf16_len(text) <= INTERACTIVE_BODY) {
        Some(text) => {
            parts.pop();
            parts.push(with_person_button(text, locale));
        }
        None => parts.push(with_person_button(offer(locale).to_owned(), locale)),
    }
    parts
}

/// The documents of an answer, each once, as customers know them.
fn documents(sources: &[Source]) -> Vec<(String, Option<u32>)> {
    let mut named: Vec<(String, Option<u32>)> = Vec::new();
    for source in sources {
        let (stem, extension) = source.document_name.rsplit_once('.').unwrap_or((&source.document_name, ""));
        let words = stem.replace(['_', '-'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        let mut letters = words.chars();
        let name = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or(words);
        // Only where pages are what a reader would turn.
        let page = extension.eq_ignore_ascii_case("pdf").then_some(source.page_number);
        if !named.iter().any(|(other, number)| *other == name && *number == page) {
            named.push((name, page));
        }
    }
    named
}

/// The text without the numbers of its excerpts, which a customer has no list for.
fn without_markers(text: &str, sources: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let (before, from) = rest.split_at(open);
        let number = from[1..].find(']').map(|close| (&from[1..=close], close + 2));
        match number {
            Some((inner, end)) if is_marker(inner, sources) => {
                out.push_str(before.trim_end_matches(' '));
                rest = &from[end..];
            }
            _ => {
                out.push_str(before);
                out.push('[');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// `1`, or `1, 2`: numbers of excerpts that there are.
fn is_marker(inner: &str, sources: usize) -> bool {
    inner.split(',').all(|n| n.trim().parse::<usize>().is_ok_and(|n| (1..=sources).contains(&n)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChunkId, DocumentId, QueryId};

    fn source(name: &str, page: u32) -> Source {
        Source {
            document_id: DocumentId(uuid::Uuid::nil()),
            document_name: name.into(),
            chunk_id: ChunkId(uuid::Uuid::nil()),
            chunk_index: 0,
            page_number: page,
            score: 0.5,
            excerpt: String::new(),
        }
    }

    fn answer(text: &str, sources: Vec<Source>) -> Answer {
        Answer {
            answer: text.into(),
            outcome: Outcome::Answered,
            sources,
            query_id: QueryId(uuid::Uuid::nil()),
            processing_time_ms: 1,
            model: "extractive".into(),
            tokens_used: 0,
            fallback: false,
            cached: false,
        }
    }

    #[test]
    fn customers_read_names_not_numbers() {
        let sources =
            vec![source("tabela_de-preços.pdf", 2), source("horarios.md", 1), source("horarios.md", 1)];
        let answer = answer("A ração custa **R$ 89,90** [1][2]. Abre às 8h [3, 1].", sources);
        let parts = message_parts(&answer, Locale::Portuguese, true);
        assert_eq!(
            parts,
            [Part::text(
                "A ração custa *R$ 89,90*. Abre às 8h.\n\n_Fontes: Tabela de preços (p. 2); Horarios_"
            )]
        );
        let bare = message_parts(&answer, Locale::Portuguese, false);
        assert_eq!(bare, [Part::text("A ração custa *R$ 89,90*. Abre às 8h.")]);
    }

    #[test]
    fn who_wants_something_done_is_told_what_the_documents_say_and_offered_a_person() {
        let pt = Locale::Portuguese;
        let mut wanted =
            answer(&format!("Trocas em até 30 dias [1].\n\n{}", offer(pt)), vec![source("trocas.md", 1)]);
        wanted.outcome = Outcome::Request;
        let [one] = &with_offer(&wanted, pt, true)[..] else { panic!("one message") };
        assert_eq!(one.text, format!("Trocas em até 30 dias.\n\n_Fonte: Trocas_\n\n{}", offer(pt)));
        assert!(one.kind == "interactive" && one.details.contains("person"));
        wanted.answer = format!("{} [1]\n\n{}", "Palavra. ".repeat(200), offer(pt));
        let parts = with_offer(&wanted, pt, false);
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[1].kind, parts[1].text.as_str()), ("interactive", offer(pt)));
    }

    #[test]
    fn brackets_that_mean_something_else_stay() {
        for text in ["tamanho [G]", "[3] sem fonte", "a [1", "[]", "[1-2]"] {
            assert_eq!(without_markers(text, 2), text);
        }
        assert_eq!(without_markers("é assim [1]!", 1), "é assim!");
    }
}
