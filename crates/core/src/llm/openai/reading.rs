//! The chat completion format: what of an answer is read.
//!
//! An answer in one piece and an event of a stream differ only in `message` and `delta`, so both are gathered
//! the same way. Nothing is taken to be there, or to be of the type that OpenAI gives it: services leave out
//! what they have nothing to say about, and fill in what others leave out.

use serde_json::{Value, json};

use crate::llm::OnPiece;

/// Members in which services give what a model thought.
const THOUGHTS: [&str; 4] = ["reasoning_content", "reasoning", "thinking", "reasoning_details"];
/// Ends of an answer that is none.
const FAILED: [&str; 6] = ["error", "failed", "abort", "aborted", "cancelled", "canceled"];
/// Ends of an answer that a filter did not let through.
const FILTERED: [&str; 4] = ["content_filter", "safety", "recitation", "prohibited_content"];

/// What was read of an answer so far.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "what was seen so far, each by itself")]
pub(super) struct Gathered {
    pub(super) text: String,
    /// Name of the first tool that is called.
    pub(super) call: Option<String>,
    pub(super) model: String,
    /// Tokens of what was asked.
    pub(super) prompt_tokens: u64,
    /// Tokens of what was written.
    pub(super) completion_tokens: u64,
    /// Whether tokens were counted at all.
    pub(super) counted: bool,
    /// The service closed the stream properly.
    pub(super) done: bool,
    /// The service gave thoughts beside the text.
    pub(super) thought: bool,
    /// What the service says instead of an answer, or of its end.
    pub(super) error: Option<Value>,
    /// Whether there was a choice, as answers are called.
    pub(super) chosen: bool,
    refusal: bool,
    finish_reason: Option<String>,
}

impl Gathered {
    /// Adds what an answer or an event says.
    pub(super) fn add(&mut self, event: &Value, on_piece: OnPiece<'_>) {
        if let Some(error) = error_of(event) {
            self.error = Some(error);
            return;
        }
        if let Some(model) = event["model"].as_str() {
            model.clone_into(&mut self.model);
        }
        self.count(&event["usage"]);
        let Some(choice) = event["choices"].get(0).filter(|choice| choice.is_object()) else { return };
        self.chosen = true;
        if let Some(reason) = choice["finish_reason"].as_str() {
            self.finish_reason = Some(reason.to_lowercase());
            if FAILED.contains(&reason.to_lowercase().as_str()) {
                let said = json!({ "message": format!("the answer ended with {reason}") });
                self.error = Some(error_of(choice).unwrap_or(said));
                return;
            }
        }
        if let Some(error) = error_of(choice) {
            self.error = Some(error);
            return;
        }
        // Some services send both in a stream: then only `delta` is new.
        let said = ["delta", "message"].iter().map(|name| &choice[*name]).find(|said| said.is_object());
        let mut text = String::new();
        if let Some(said) = said {
            self.thought |= THOUGHTS.iter().any(|name| !is_nothing(&said[*name]));
            self.refusal |= said["refusal"].as_str().is_some_and(|text| !text.is_empty());
            if self.call.is_none() {
                self.call = called(said);
            }
            self.thought |= written(&said["content"], &mut text);
        } else {
            self.thought |= written(&choice["text"], &mut text);
        }
        if !text.is_empty() {
            on_piece(&text);
            self.text.push_str(&text);
        }
    }

    fn count(&mut self, usage: &Value) {
        let of = |names: [&str; 2]| names.iter().map(|name| tokens(&usage[*name])).max().unwrap_or_default();
        let (prompt, completion) =
            (of(["prompt_tokens", "input_tokens"]), of(["completion_tokens", "output_tokens"]));
        let total = tokens(&usage["total_tokens"]);
        if prompt.max(completion).max(total) == 0 {
            return;
        }
        self.counted = true;
        self.completion_tokens = completion;
        // A service that tells only the total is taken to speak of the prompt: most of it is.
        self.prompt_tokens = prompt.max(total.saturating_sub(completion));
    }

    /// Whether the service said that the answer ends here.
    pub(super) fn is_complete(&self) -> bool {
        self.done || self.finish_reason.is_some()
    }

    /// Whether the model or a filter in front of it declined.
    pub(super) fn is_refused(&self) -> bool {
        self.refusal || self.finish_reason.as_deref().is_some_and(|reason| FILTERED.contains(&reason))
    }

    /// Whether the answer reached its longest length.
    pub(super) fn is_truncated(&self) -> bool {
        matches!(self.finish_reason.as_deref(), Some("length" | "max_tokens"))
    }
}

/// What is said instead of an answer: `{"error": …}`, or an object that calls itself an error.
fn error_of(value: &Value) -> Option<Value> {
    let error = &value["error"];
    if !is_nothing(error) {
        return Some(error.clone());
    }
    (value["object"] == "error").then(|| value.clone())
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Adds the text of a content, which is a text or a list of parts; whether there were thoughts in it.
fn written(content: &Value, text: &mut String) -> bool {
    match content {
        Value::String(plain) => {
            text.push_str(plain);
            false
        }
        Value::Array(parts) => parts.iter().fold(false, |thought, part| written(part, text) | thought),
        Value::Object(part) => {
            let kind = part.get("type").and_then(Value::as_str).unwrap_or("text");
            if kind.contains("think") || kind.contains("reason") {
                return true;
            }
            if matches!(kind, "text" | "output_text") {
                let inner = part.get("text").or_else(|| part.get("content")).unwrap_or(&Value::Null);
                // `{"text": {"value": …}}` is in use, too.
                let inner = inner.get("value").unwrap_or(inner);
                text.push_str(inner.as_str().unwrap_or_default());
            }
            false
        }
        _ => false,
    }
}

/// The name of the first tool that is called.
fn called(said: &Value) -> Option<String> {
    let calls = said["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = calls.iter().map(|call| &call["function"]["name"]).chain([&said["function_call"]["name"]]);
    named.filter_map(Value::as_str).find(|name| !name.is_empty()).map(str::to_owned)
}

/// A number of tokens, however it is written; 0 for what is none.
fn tokens(value: &Value) -> u64 {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    let tokens = number.round() as u64;
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(events: &[Value]) -> Gathered {
        let mut gathered = Gathered::default();
        for event in events {
            gathered.add(event, &mut |_| ());
        }
        gathered
    }

    fn message(content: &Value) -> Value {
        json!({ "choices": [{ "message": { "content": content }, "finish_reason": "stop" }] })
    }

    #[test]
    fn content_is_a_text_a_list_of_parts_or_nothing() {
        let parts = json!([
            { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
            { "type": "text", "text": "Às " },
            { "type": "output_text", "text": { "value": "8h" } },
            "."
        ]);
        let read = gathered(&[message(&parts)]);
        assert_eq!((read.text.as_str(), read.thought), ("Às 8h.", true));
        for nothing in [json!(null), json!([]), json!({}), json!(7)] {
            assert_eq!(gathered(&[message(&nothing)]).text, "");
        }
        let beside = json!({ "choices": [{ "message": { "content": null, "reasoning_content": "hm" } }] });
        assert!(gathered(&[beside]).thought);
    }

    #[test]
    fn tokens_are_counted_however_they_are_written() {
        let usage = |usage: Value| {
            let read = gathered(&[json!({ "choices": [], "usage": usage })]);
            (read.prompt_tokens, read.completion_tokens)
        };
        assert_eq!(usage(json!({ "prompt_tokens": 10.0, "completion_tokens": "5" })), (10, 5));
        assert_eq!(usage(json!({ "total_tokens": 15 })), (15, 0));
        assert_eq!(usage(json!({ "input_tokens": 4, "output_tokens": 2 })), (4, 2));
        for nothing in [json!(null), json!("x"), json!({ "prompt_tokens": -1, "completion_tokens": null })] {
            assert_eq!(usage(nothing), (0, 0));
        }
    }

    #[test]
    fn errors_are_found_wherever_they_stand() {
        for event in [
            json!({ "error": { "message": "busy" } }),
            json!({ "error": "busy", "choices": [] }),
            json!({ "object": "error", "message": "busy" }),
            json!({ "choices": [{ "error": { "message": "busy" }, "message": { "content": "Cl" } }] }),
            json!({ "choices": [{ "finish_reason": "error", "delta": {} }] }),
        ] {
            let read = gathered(&[event]);
            assert!(read.error.is_some() && read.text.is_empty());
        }
        let fine = json!({ "error": null, "choices": [{ "error": null, "message": { "content": "Oi" } }] });
        assert_eq!(gathered(&[fine]).text, "Oi");
    }
}
