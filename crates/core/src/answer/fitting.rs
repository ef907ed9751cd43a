//! A prompt that fits into what a model reads. Pure.
//!
//! The weakest excerpt is left out first, one after the other until one is left; then the oldest turns of the
//! conversation; then the end of the last excerpt. What is asked and the rules always go along.

use super::Evidence;
use super::compose::Writing;
use super::prompt::messages;
use crate::llm::ChatMessage;

/// Characters that are left of an excerpt at least.
const SHORTEST_EXCERPT: usize = 200;

/// The messages, and how many excerpts they have; `None` if they cannot be made to have `most` characters.
pub(super) fn fit(
    evidence: &Evidence,
    writing: Writing<'_>,
    most: Option<usize>,
) -> Option<(Vec<ChatMessage>, usize)> {
    let Writing { agent, mut history, now, quoted, .. } = writing;
    let whole = messages(evidence, agent, history, now, quoted);
    let Some(most) = most.filter(|most| length(&whole) > *most) else {
        return Some((whole, evidence.hits.len()));
    };
    let mut shorter = evidence.clone();
    loop {
        let messages = messages(&shorter, agent, history, now, quoted);
        let length = length(&messages);
        if length <= most {
            return Some((messages, shorter.hits.len()));
        }
        if shorter.hits.len() > 1 {
            shorter.hits.pop();
        } else if let [_, newer @ ..] = history {
            history = newer;
        } else {
            let hit = shorter.hits.first_mut()?;
            let has = hit.content.chars().count();
            let keeps = has.saturating_sub(length - most);
            if keeps < SHORTEST_EXCERPT {
                return None;
            }
            hit.content = hit.content.chars().take(keeps).collect();
        }
    }
}

/// Characters of all messages.
pub(super) fn length(messages: &[ChatMessage]) -> usize {
    messages.iter().map(|message| message.content.chars().count()).sum()
}
