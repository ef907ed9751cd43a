//! The chat completion format: what is sent, and what of the answer is read.
//!
//! An answer in one piece and an event of a stream differ only in `message` and `delta`, so both are
//! read as an [`Event`] and gathered the same way.

use serde::{Deserialize, Serialize};

use crate::llm::{ChatRequest, OnPiece, Role, Tool};

/// Which parameters a model of the service takes; it starts with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter that a service takes or not")]
pub(super) struct Dialect {
    /// The limit is called `max_completion_tokens`: models that think before they write.
    pub(super) completion_tokens: bool,
    /// Only the model's own temperature is accepted.
    pub(super) no_temperature: bool,
    /// A stream cannot be asked to count tokens.
    pub(super) no_usage: bool,
    /// It can only write.
    pub(super) no_tools: bool,
}

/// A request.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
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
struct Message<'a> {
    role: &'static str,
    content: &'a str,
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
    request: &'a ChatRequest,
    temperature: f64,
    max_tokens: u32,
    stream: bool,
    dialect: Dialect,
) -> Body<'a> {
    let messages = request
        .messages
        .iter()
        .map(|message| Message {
            role: match message.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            content: &message.content,
        })
        .collect();
    Body {
        model,
        messages,
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

/// A whole answer, or one event of a stream. Services omit what they have nothing to say about.
#[derive(Deserialize)]
pub(super) struct Event {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    message: Option<Said>,
    /// Some services send both in a stream: then only this is new.
    #[serde(default)]
    delta: Option<Said>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
struct ToolCall {
    #[serde(default)]
    function: Option<Called>,
}

#[derive(Deserialize)]
struct Called {
    #[serde(default)]
    name: Option<String>,
}

/// Tokens.
#[derive(Deserialize)]
struct Usage {
    #[serde(default, rename = "prompt_tokens")]
    prompt: u64,
    #[serde(default, rename = "completion_tokens")]
    completion: u64,
    #[serde(default, rename = "total_tokens")]
    total: u64,
}

impl Event {
    /// Whether the service reports a failure in the middle of a stream.
    pub(super) fn is_error(&self) -> bool {
        self.error.is_some()
    }
}

/// What was read of an answer so far.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) text: String,
    /// Name of the first tool that is called.
    pub(super) call: Option<String>,
    pub(super) model: String,
    /// Tokens of what was asked.
    pub(super) prompt_tokens: u64,
    /// Tokens of what was written.
    pub(super) completion_tokens: u64,
    /// The service closed the stream properly.
    pub(super) done: bool,
    refusal: bool,
    finish_reason: Option<String>,
}

impl Gathered {
    /// Adds what an event says.
    pub(super) fn add(&mut self, event: Event, on_piece: OnPiece<'_>) {
        if let Some(model) = event.model {
            self.model = model;
        }
        if let Some(usage) = event.usage {
            self.completion_tokens = usage.completion;
            // A service that tells only the total is taken to speak of the prompt: most of it is.
            let rest = usage.total.saturating_sub(usage.completion);
            self.prompt_tokens = usage.prompt.max(rest);
        }
        let Some(choice) = event.choices.into_iter().flatten().next() else { return };
        if choice.finish_reason.is_some() {
            self.finish_reason = choice.finish_reason;
        }
        let Some(said) = choice.delta.or(choice.message) else { return };
        let calls = said.tool_calls.into_iter().flatten();
        let mut names = calls.filter_map(|call| call.function?.name).filter(|name| !name.is_empty());
        self.call = self.call.take().or_else(|| names.next());
        self.refusal |= said.refusal.is_some_and(|text| !text.is_empty());
        if let Some(text) = said.content.filter(|text| !text.is_empty()) {
            on_piece(&text);
            self.text.push_str(&text);
        }
    }

    /// Whether the service said that the answer ends here.
    pub(super) fn is_complete(&self) -> bool {
        self.done || self.finish_reason.is_some()
    }

    /// Whether the model or a filter in front of it declined.
    pub(super) fn is_refused(&self) -> bool {
        self.refusal || self.finish_reason.as_deref() == Some("content_filter")
    }

    /// Whether the answer reached its longest length.
    pub(super) fn is_truncated(&self) -> bool {
        self.finish_reason.as_deref() == Some("length")
    }
}
