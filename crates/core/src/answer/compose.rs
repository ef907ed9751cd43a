//! Writes the answer: by a chat model if there is one, otherwise by quoting.

use super::citation::CitationWriter;
use super::extractive::extract;
use super::guard::Known;
use super::prompt::messages;
use super::{Draft, Evidence, Gated, Tokens, Wish};
use crate::error::Result;
use crate::llm::{ChatModel, ChatRequest, OnPiece};
use crate::model::{Agent, Outcome, Turn};

/// How an answer is to be written.
#[derive(Clone, Copy)]
pub struct Writing<'a> {
    /// Whose instructions and language count.
    pub agent: &'a Agent,
    /// What writes; without one, sentences of the documents are quoted.
    pub chat: Option<&'a dyn ChatModel>,
    /// Model name instead of the agent's.
    pub model: Option<&'a str>,
    /// Sampling temperature instead of the agent's.
    pub temperature: Option<f64>,
    /// Longest answer in tokens instead of the agent's.
    pub max_tokens: Option<u32>,
    /// The conversation so far, oldest first.
    pub history: &'a [Turn],
    /// What may be done instead of answering; only in one piece.
    pub wishes: &'a [Wish],
    /// The date and the hour in words.
    pub now: &'a str,
    /// The message that the question quotes.
    pub quoted: Option<&'a str>,
    /// Whether something is to be done: a person is offered then, and nothing is refused.
    pub deed: bool,
}

/// Drafts the answer to what passed the gate. Without evidence no model is called.
///
/// With `on_piece`, the text is handed over while it is written. The pieces together are the draft's
/// text, but for one case: what the fact guard finds wrong has been handed over by then, and only the
/// draft has the text that stands in for it.
pub async fn compose(gated: Gated, writing: Writing<'_>, on_piece: Option<OnPiece<'_>>) -> Result<Draft> {
    let mut ignore = |_: &str| {};
    let streaming = on_piece.is_some();
    let on_piece: OnPiece<'_> = on_piece.unwrap_or(&mut ignore);
    let locale = writing.agent.locale;
    let draft = match (gated, writing.chat) {
        (Gated::Nothing, _) => Draft::refusal(locale, Tokens::default()),
        (Gated::Evidence(evidence), None) => extract(&evidence, locale),
        (Gated::Evidence(evidence), Some(chat)) => {
            let draft = ask(&evidence, writing, chat, streaming, &mut *on_piece).await?;
            let draft = guarded(draft, &evidence, writing);
            if !writing.deed {
                return Ok(draft);
            }
            let written = draft.text.clone();
            let draft = draft.for_a_deed(locale);
            if let Some(offer) =
                draft.text.strip_prefix(&written).filter(|offer| streaming && !offer.is_empty())
            {
                on_piece(offer);
            }
            return Ok(draft);
        }
    };
    let draft = if writing.deed { draft.for_a_deed(locale) } else { draft };
    on_piece(&draft.text);
    Ok(draft)
}

async fn ask(
    evidence: &Evidence,
    writing: Writing<'_>,
    chat: &dyn ChatModel,
    streaming: bool,
    on_piece: OnPiece<'_>,
) -> Result<Draft> {
    let agent = writing.agent;
    let request = ChatRequest {
        model: writing.model.map(str::to_owned).or_else(|| agent.llm_model.clone()),
        messages: messages(evidence, agent, writing.history, writing.now, writing.quoted),
        temperature: writing.temperature.or(agent.temperature),
        max_tokens: writing.max_tokens.or(agent.max_tokens),
        tools: writing.wishes.iter().map(|wish| wish.tool(agent.locale)).collect(),
    };
    let mut writer = CitationWriter::new(evidence.hits.len());
    let mut text = String::new();
    let reply = if streaming {
        let mut forward = |piece: &str| {
            let shown = writer.push(piece);
            if !shown.is_empty() {
                on_piece(&shown);
                text.push_str(&shown);
            }
        };
        chat.stream(&request, &mut forward).await?
    } else {
        let reply = chat.complete(&request).await?;
        text.push_str(&writer.push(&reply.text));
        reply
    };
    let tokens = Tokens::from(&reply);
    let called = reply.call.as_deref().and_then(|name| Wish::called(name, writing.wishes));
    if let Some(wish) = called.filter(|_| !streaming) {
        return Ok(Draft::wish(wish, agent.locale, &reply.model, tokens));
    }
    let Some((rest, cited)) = writer.finish() else {
        let refusal = Draft::refusal(agent.locale, tokens);
        let refusal = if writing.deed { refusal.for_a_deed(agent.locale) } else { refusal };
        on_piece(&refusal.text);
        return Ok(refusal);
    };
    if !rest.is_empty() && streaming {
        on_piece(&rest);
    }
    text.push_str(&rest);
    // A model that cites nothing wrote from all it was given.
    let cited = if cited.is_empty() { (0..evidence.hits.len()).collect() } else { cited };
    Ok(Draft {
        text: text.trim().to_owned(),
        outcome: Outcome::Answered,
        cited: cited.into_iter().filter_map(|i| evidence.hits.get(i).cloned()).collect(),
        model: reply.model,
        tokens,
        wish: None,
    })
}

/// The draft, or quotes in its place if it has a number that neither the excerpts nor the customer told.
fn guarded(draft: Draft, evidence: &Evidence, writing: Writing<'_>) -> Draft {
    if draft.is_refusal() || draft.wish.is_some() {
        return draft;
    }
    let mut known = Known::default();
    for hit in &evidence.hits {
        known.add(&hit.content);
        known.add(&hit.filename);
        known.add(hit.heading.as_deref().unwrap_or_default());
    }
    known.add(&evidence.question);
    known.add(writing.now);
    known.add(writing.quoted.unwrap_or_default());
    // Earlier answers went through here themselves.
    for turn in writing.history {
        known.add(&turn.question);
        known.add(&turn.answer);
    }
    known.add(writing.agent.system_prompt.as_deref().unwrap_or_default());
    if known.supports(&draft.text) {
        return draft;
    }
    tracing::warn!(
        model = draft.model,
        agent = %writing.agent.id,
        "the model wrote a number that no excerpt has; the excerpts are quoted instead"
    );
    Draft { tokens: draft.tokens, ..extract(evidence, writing.agent.locale) }
}

#[cfg(test)]
mod tests;
