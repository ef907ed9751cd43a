//! Writes the answer: by a chat model if there is one, otherwise by quoting.

use super::citation::CitationWriter;
use super::extractive::extract;
use super::prompt::messages;
use super::{Draft, Evidence, Gated, NO_MODEL};
use crate::error::Result;
use crate::llm::{ChatModel, ChatRequest, OnPiece};
use crate::model::Agent;

/// Drafts the answer to what passed the gate. Without evidence no model is called.
///
/// With `on_piece`, the text is handed over while it is written; the pieces together are the draft's
/// text.
pub async fn compose(
    gated: Gated,
    agent: &Agent,
    model: Option<&dyn ChatModel>,
    on_piece: Option<OnPiece<'_>>,
) -> Result<Draft> {
    let mut ignore = |_: &str| {};
    let streaming = on_piece.is_some();
    let on_piece: OnPiece<'_> = on_piece.unwrap_or(&mut ignore);
    let draft = match (gated, model) {
        (Gated::Nothing, _) => Draft::refusal(agent.locale, NO_MODEL, 0),
        (Gated::Evidence(evidence), None) => extract(&evidence, agent.locale),
        (Gated::Evidence(evidence), Some(model)) => {
            return ask(&evidence, agent, model, streaming, on_piece).await;
        }
    };
    on_piece(&draft.text);
    Ok(draft)
}

async fn ask(
    evidence: &Evidence,
    agent: &Agent,
    model: &dyn ChatModel,
    streaming: bool,
    on_piece: OnPiece<'_>,
) -> Result<Draft> {
    let request = ChatRequest {
        model: agent.llm_model.clone(),
        messages: messages(evidence, agent),
        temperature: agent.temperature,
        max_tokens: agent.max_tokens,
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
        model.stream(&request, &mut forward).await?
    } else {
        let reply = model.complete(&request).await?;
        text.push_str(&writer.push(&reply.text));
        reply
    };
    let Some((rest, cited)) = writer.finish() else {
        let refusal = Draft::refusal(agent.locale, &reply.model, reply.tokens_used);
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
        cited: cited.into_iter().filter_map(|i| evidence.hits.get(i).cloned()).collect(),
        model: reply.model,
        tokens_used: reply.tokens_used,
    })
}
