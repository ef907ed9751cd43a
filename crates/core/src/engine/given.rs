//! An answer as it is given: the draft with its sources as callers read them.

use crate::answer::{Draft, Tokens};
use crate::model::{Answer, Hit, QueryId, Source};

/// Characters of a chunk shown with a citation.
const EXCERPT: usize = 200;

/// An answer on its way into the store.
pub(super) struct Given {
    pub answer: Answer,
    pub tokens: Tokens,
}

/// The answer that a draft makes; id and times come when it is kept.
pub(super) fn given(draft: Draft, rewriting: Tokens) -> Given {
    let tokens = draft.tokens + rewriting;
    let answer = Answer {
        answer: draft.text,
        outcome: draft.outcome,
        sources: draft.cited.into_iter().map(source).collect(),
        query_id: QueryId(uuid::Uuid::nil()),
        processing_time_ms: 0,
        model: draft.model,
        tokens_used: tokens.total(),
        fallback: draft.fallback,
        cached: false,
    };
    Given { answer, tokens }
}

fn source(hit: Hit) -> Source {
    Source {
        document_id: hit.document_id,
        document_name: hit.filename,
        chunk_id: hit.chunk_id,
        chunk_index: hit.chunk_index,
        page_number: hit.page_number,
        score: hit.cosine,
        excerpt: excerpt(&hit.content),
    }
}

/// The beginning of a text, cut at a word.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        None => text.to_owned(),
        Some((end, _)) => {
            let cut = text[..end].rfind(char::is_whitespace).unwrap_or(end);
            text[..cut].trim_end().to_owned()
        }
    }
}
