//! The prompt: instructions, the conversation so far, numbered excerpts, question. Pure; the words are in `prompts/*.md`.

use super::Evidence;
use crate::llm::{ChatMessage, Role};
use crate::model::{Agent, Hit, Locale, Turn};

/// Characters of excerpts in a prompt at most: about 6,000 tokens.
const EXCERPT_CHARS: usize = 24_000;

fn instructions(locale: Locale) -> &'static str {
    match locale {
        Locale::Portuguese => include_str!("prompts/system.pt.md"),
        Locale::English => include_str!("prompts/system.en.md"),
        Locale::Spanish => include_str!("prompts/system.es.md"),
    }
}

/// The messages for a chat model. The agent's own instructions come after the rules of grounding, not
/// in their place.
pub(super) fn messages(evidence: &Evidence, agent: &Agent, history: &[Turn]) -> Vec<ChatMessage> {
    let mut system = instructions(agent.locale).trim_end().to_owned();
    if let Some(own) = agent.system_prompt.as_deref().map(str::trim).filter(|p| !p.is_empty()) {
        system.push_str("\n\n");
        system.push_str(own);
    }
    let (excerpts, question) = match agent.locale {
        Locale::Portuguese => ("Trechos", "Pergunta"),
        Locale::English => ("Excerpts", "Question"),
        Locale::Spanish => ("Fragmentos", "Pregunta"),
    };
    let mut user = format!("# {excerpts}\n");
    let mut left = EXCERPT_CHARS;
    for (number, hit) in evidence.hits.iter().enumerate() {
        let text: String = hit.content.chars().take(left).collect();
        left -= text.chars().count();
        if text.is_empty() {
            break;
        }
        user.push_str(&format!("\n[{}] {}\n{text}\n", number + 1, title(hit)));
    }
    user.push_str(&format!("\n# {question}\n\n{}\n", evidence.question.trim()));
    let message = |role, content: &str| ChatMessage { role, content: content.to_owned() };
    let mut messages = vec![message(Role::System, &system)];
    for turn in history {
        messages.push(message(Role::User, &turn.question));
        messages.push(message(Role::Assistant, &turn.answer));
    }
    messages.push(message(Role::User, &user));
    messages
}

fn title(hit: &Hit) -> String {
    match &hit.heading {
        Some(heading) => format!("{}, {} › {heading}", hit.filename, hit.page_number),
        None => format!("{}, {}", hit.filename, hit.page_number),
    }
}
