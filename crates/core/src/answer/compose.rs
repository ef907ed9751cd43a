//! Writes the answer: by a chat model if there is one, otherwise by quoting. Where the model gives no answer,
//! the documents are quoted if the caller wants that.

use std::time::Duration;

use super::citation::{Pieces, Quotable, Said, read};
use super::extractive::extract;
use super::fitting::{fit, length};
use super::guard::Known;
use super::{Draft, Evidence, Gated, Tokens, Wish};
use crate::error::{Error, Result};
use crate::llm::{CONTEXT_TOO_SMALL, ChatModel, ChatReply, ChatRequest, OnPiece};
use crate::model::{Agent, Outcome, Turn};

/// Prompts that are tried on a model whose context is too small.
const SHORTENED: usize = 6;

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
    /// Whether the documents are quoted if the chat model gives no answer; otherwise that is an error.
    pub fallback: bool,
    /// Time for the answer; the chat model's own if absent.
    pub time_limit: Option<Duration>,
}

/// Drafts the answer to what passed the gate. Without evidence no model is called.
///
/// With `on_piece`, the text is handed over while it is written, from its first citation on. The pieces together
/// are the draft's text, but for what is found wrong once they have been handed over: a number that no excerpt
/// has, an answer that broke off, a model that takes back what it said. Only the draft then has the text that
/// stands in for it.
pub async fn compose(gated: Gated, writing: Writing<'_>, on_piece: Option<OnPiece<'_>>) -> Result<Draft> {
    let mut ignore = |_: &str| {};
    let streaming = on_piece.is_some();
    let on_piece: OnPiece<'_> = on_piece.unwrap_or(&mut ignore);
    let locale = writing.agent.locale;
    let draft = match (gated, writing.chat) {
        (Gated::Nothing, _) => Draft::refusal(locale, Tokens::default()),
        (Gated::Evidence(evidence), None) => extract(&evidence, locale),
        (Gated::Evidence(evidence), Some(chat)) => {
            let mut begun = false;
            let mut show = |piece: &str| {
                begun = true;
                on_piece(piece);
            };
            match ask(&evidence, writing, chat, streaming.then_some(&mut show)).await {
                Ok(draft) => {
                    let draft = guarded(draft, &evidence, writing);
                    if !writing.deed {
                        return Ok(draft);
                    }
                    let written = draft.text.clone();
                    let draft = draft.for_a_deed(locale);
                    let offer = draft.text.strip_prefix(&written).filter(|offer| !offer.is_empty());
                    if let Some(offer) = offer.filter(|_| streaming) {
                        on_piece(offer);
                    }
                    return Ok(draft);
                }
                Err(error) if writing.fallback => {
                    tracing::warn!(
                        reason = %error,
                        agent = %writing.agent.id,
                        "the chat model gave no answer; the documents are quoted instead"
                    );
                    let draft = Draft { fallback: true, ..extract(&evidence, locale) };
                    if begun {
                        return Ok(if writing.deed { draft.for_a_deed(locale) } else { draft });
                    }
                    draft
                }
                Err(error) => return Err(error),
            }
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
    mut on_piece: Option<OnPiece<'_>>,
) -> Result<Draft> {
    let agent = writing.agent;
    let streaming = on_piece.is_some();
    let mut ignore = |_: &str| {};
    let on_piece: OnPiece<'_> = match &mut on_piece {
        Some(on_piece) => *on_piece,
        None => &mut ignore,
    };
    let quotable = Quotable::of(evidence);
    let mut pieces = Pieces::new(evidence.hits.len(), quotable);
    let mut forward = |piece: &str| {
        let shown = pieces.push(piece);
        if !shown.is_empty() {
            on_piece(&shown);
        }
    };
    let (reply, excerpts) = fitted(evidence, writing, chat, streaming.then_some(&mut forward)).await?;
    let tokens = Tokens::from(&reply);
    let called = reply.call.as_deref().and_then(|name| Wish::called(name, writing.wishes));
    if let Some(wish) = called.filter(|_| !streaming) {
        return Ok(Draft::wish(wish, agent.locale, &reply.model, tokens));
    }
    let (text, cited) = match read(&reply.text, excerpts, quotable) {
        Said::Answer(text, cited) => (text, cited),
        Said::NoAnswer => {
            let refusal = Draft::refusal(agent.locale, tokens);
            let refusal = if writing.deed { refusal.for_a_deed(agent.locale) } else { refusal };
            if !pieces.begun() {
                on_piece(&refusal.text);
            }
            return Ok(refusal);
        }
        Said::Nothing => return Err(only_thoughts(&reply)),
    };
    let rest = pieces.rest(&text);
    if !rest.is_empty() && streaming {
        on_piece(&rest);
    }
    // A model that cites nothing wrote from all it was given.
    let cited = if cited.is_empty() { (0..excerpts).collect() } else { cited };
    Ok(Draft {
        text,
        outcome: Outcome::Answered,
        cited: cited.into_iter().filter_map(|i| evidence.hits.get(i).cloned()).collect(),
        model: reply.model,
        tokens,
        wish: None,
        fallback: false,
    })
}

/// Asks with as many excerpts and turns as the model reads; the reply, and how many excerpts it is from.
async fn fitted(
    evidence: &Evidence,
    writing: Writing<'_>,
    chat: &dyn ChatModel,
    mut on_piece: Option<OnPiece<'_>>,
) -> Result<(ChatReply, usize)> {
    let agent = writing.agent;
    let begun = tokio::time::Instant::now();
    let mut request = ChatRequest {
        model: writing.model.map(str::to_owned).or_else(|| agent.llm_model.clone()),
        messages: Vec::new(),
        temperature: writing.temperature.or(agent.temperature),
        max_tokens: writing.max_tokens.or(agent.max_tokens),
        tools: writing.wishes.iter().map(|wish| wish.tool(agent.locale)).collect(),
        time_limit: None,
    };
    let mut most = chat.longest_prompt(request.model.as_deref());
    let mut error = None;
    for _ in 0..SHORTENED {
        let Some((messages, excerpts)) = fit(evidence, writing, most) else { break };
        let sent = length(&messages);
        request.messages = messages;
        request.time_limit = writing.time_limit.map(|limit| limit.saturating_sub(begun.elapsed()));
        let reply = match &mut on_piece {
            Some(on_piece) => chat.stream(&request, *on_piece).await,
            None => chat.complete(&request).await,
        };
        match reply {
            Err(too_long) if too_long.code() == Some(CONTEXT_TOO_SMALL) => {
                let known = chat.longest_prompt(request.model.as_deref()).unwrap_or(usize::MAX);
                most = Some(known.min(sent * 9 / 10));
                error = Some(too_long);
            }
            reply => return reply.map(|reply| (reply, excerpts)),
        }
    }
    Err(error.unwrap_or_else(|| {
        Error::unavailable(
            "the rules and the question alone are longer than what the chat model reads: give it a larger context",
        )
        .with_code(CONTEXT_TOO_SMALL)
    }))
}

fn only_thoughts(reply: &ChatReply) -> Error {
    let model = &reply.model;
    Error::unavailable(if reply.truncated {
        format!(
            "the model {model} used up its tokens on reasoning and wrote no answer: raise llm.max_tokens, or \
             switch its reasoning off"
        )
    } else {
        format!(
            "the model {model} wrote its reasoning and no answer: raise llm.max_tokens, or switch its reasoning off"
        )
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
