//! The chat completion format: what is sent.
//!
//! Turns always alternate after the instructions, and the customer begins: the templates of many models
//! refuse anything else, and two questions in a row or an answer that comes first are usual on WhatsApp.

use serde::Serialize;

use super::dialect::Dialect;
use crate::llm::{ChatMessage, ChatRequest, Role, Tool};

/// A request.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolBody>,
}

#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: String,
}

#[derive(Serialize)]
struct ToolBody {
    r#type: &'static str,
    function: Function,
}

#[derive(Serialize)]
struct Function {
    name: &'static str,
    description: &'static str,
    parameters: serde_json::Value,
}

impl From<&Tool> for ToolBody {
    fn from(tool: &Tool) -> Self {
        let parameters = serde_json::json!({ "type": "object", "properties": {} });
        let function = Function { name: tool.name, description: tool.description, parameters };
        Self { r#type: "function", function }
    }
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The request in `dialect`.
pub(super) fn body<'a>(
    model: &'a str,
    request: &ChatRequest,
    temperature: f64,
    max_tokens: u32,
    stream: bool,
    dialect: Dialect,
) -> Body<'a> {
    let max_tokens = dialect.answer_tokens.map_or(max_tokens, |most| max_tokens.min(most));
    Body {
        model,
        messages: turns(&request.messages, dialect.no_system),
        temperature: (!dialect.no_temperature).then_some(temperature),
        max_tokens: (!dialect.completion_tokens).then_some(max_tokens),
        max_completion_tokens: dialect.completion_tokens.then_some(max_tokens),
        stream,
        stream_options: (stream && !dialect.no_usage).then_some(StreamOptions { include_usage: true }),
        tools: if stream || dialect.no_tools {
            Vec::new()
        } else {
            request.tools.iter().map(Into::into).collect()
        },
    }
}

impl Body<'_> {
    /// Characters of all messages.
    pub(super) fn chars(&self) -> usize {
        self.messages.iter().map(|message| message.content.chars().count()).sum()
    }
}

/// The messages as models take them: instructions, then turns that alternate, the customer's first. Without a
/// system role, the instructions stand before the customer's first words.
fn turns(messages: &[ChatMessage], no_system: bool) -> Vec<Message> {
    let mut system = String::new();
    let mut turns: Vec<Message> = Vec::new();
    for ChatMessage { role, content } in messages {
        let role = match role {
            Role::System => {
                join(&mut system, content);
                continue;
            }
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        match turns.last_mut() {
            Some(last) if last.role == role => join(&mut last.content, content),
            // What was said before the customer's first words answers nothing.
            None if role == "assistant" => {}
            _ => turns.push(Message { role, content: content.clone() }),
        }
    }
    if system.is_empty() {
        return turns;
    }
    match turns.first_mut() {
        Some(first) if no_system => {
            join(&mut system, &first.content);
            first.content = system;
        }
        _ => turns.insert(0, Message { role: if no_system { "user" } else { "system" }, content: system }),
    }
    turns
}

fn join(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(said: &[(Role, &str)], no_system: bool) -> Vec<(&'static str, String)> {
        let messages: Vec<ChatMessage> =
            said.iter().map(|(role, text)| ChatMessage { role: *role, content: (*text).into() }).collect();
        turns(&messages, no_system).into_iter().map(|message| (message.role, message.content)).collect()
    }

    #[test]
    fn turns_alternate_and_the_customer_begins() {
        use Role::{Assistant, System, User};
        let said = [
            (System, "Regras."),
            (Assistant, "Bem-vindo!"),
            (User, "oi"),
            (User, "tem vaga?"),
            (Assistant, "Tem."),
            (Assistant, "Até as 18h."),
            (User, "e amanhã?"),
        ];
        let own = |role, text: &str| (role, text.to_owned());
        assert_eq!(
            sent(&said, false),
            [
                own("system", "Regras."),
                own("user", "oi\n\ntem vaga?"),
                own("assistant", "Tem.\n\nAté as 18h."),
                own("user", "e amanhã?"),
            ]
        );
        assert_eq!(sent(&said, true)[0], own("user", "Regras.\n\noi\n\ntem vaga?"));
        assert_eq!(sent(&said[..1], true), [own("user", "Regras.")]);
    }
}
