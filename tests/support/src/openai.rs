//! A service that speaks the OpenAI format: embeddings and chat completions.
//!
//! Unscripted, it embeds by words and answers a chat with the first excerpt it is shown. It is as
//! unhelpful as services are allowed to be: embeddings come back in reverse order, and an error about
//! the key repeats the key.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};
use simulator::{Log, Recorded, Reply, Server};

use crate::embedding::embedding_of;
use crate::socket::serve;

/// A running fake; it stops when it is dropped.
#[derive(Debug)]
pub struct FakeOpenAi {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    log: Log,
    manner: Mutex<Manner>,
}

#[derive(Debug, Default)]
struct Manner {
    scripted: VecDeque<Reply>,
    answer: Option<String>,
    answer_by: Option<fn(&[&str]) -> String>,
    key: Option<String>,
    refused_parameters: Vec<(String, String)>,
    refuse_by: Option<fn(&Value) -> Option<Reply>>,
}

impl FakeOpenAi {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        Self { server: serve(move |request| respond(Arc::clone(&state), request)).await, shared }
    }

    /// What to configure as `base_url`.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.server.origin())
    }

    /// The requests so far.
    pub fn log(&self) -> Log {
        self.shared.log.clone()
    }

    /// The next request that has no scripted answer yet gets this one.
    pub fn script(&self, reply: Reply) {
        self.manner(|manner| manner.scripted.push_back(reply));
    }

    /// Chats are answered with this text from now on.
    pub fn answer_with(&self, text: &str) {
        self.manner(|manner| manner.answer = Some(text.into()));
    }

    /// Chats are answered with what this makes of the texts of their messages, from now on.
    pub fn answer_by(&self, answer: fn(&[&str]) -> String) {
        self.manner(|manner| manner.answer_by = Some(answer));
    }

    /// Requests without this key are refused from now on.
    pub fn require_key(&self, key: &str) {
        self.manner(|manner| manner.key = Some(key.into()));
    }

    /// Requests that carry this parameter are refused from now on, as OpenAI does for models that do
    /// not know it; `instead` is what the error recommends.
    pub fn refuse_parameter(&self, name: &str, instead: &str) {
        self.manner(|manner| manner.refused_parameters.push((name.into(), instead.into())));
    }

    /// Requests for whose body this gives a reply get it, from now on.
    pub fn refuse_by(&self, refuse: fn(&Value) -> Option<Reply>) {
        self.manner(|manner| manner.refuse_by = Some(refuse));
    }

    fn manner<T>(&self, change: impl FnOnce(&mut Manner) -> T) -> T {
        self.shared.manner(change)
    }
}

impl Shared {
    fn manner<T>(&self, change: impl FnOnce(&mut Manner) -> T) -> T {
        change(&mut self.manner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn respond(shared: Arc<Shared>, request: Request) -> Option<Response> {
    let request = Recorded::read(request).await;
    // Scripted answers are dealt in the order in which the log has the requests.
    let reply = shared.manner(|manner| {
        shared.log.add(request.clone());
        manner.scripted.pop_front().unwrap_or_else(|| usual(manner, &request))
    });
    Some(reply.send().await)
}

/// What the service answers if no script says otherwise.
fn usual(manner: &Manner, request: &Recorded) -> Reply {
    let given = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    if let Some(key) = &manner.key
        && given != Some(key)
    {
        let message = format!("Incorrect API key provided: {}.", given.unwrap_or_default());
        return Reply::error(401, "invalid_request_error", "invalid_api_key", None, &message);
    }
    let body = if request.method == "GET" { Value::Null } else { request.json() };
    for (name, instead) in &manner.refused_parameters {
        if body.get(name).is_some() {
            let message = format!("Unsupported parameter: '{name}'. Use '{instead}' instead.");
            let kind = "invalid_request_error";
            return Reply::error(400, kind, "unsupported_parameter", Some(name), &message);
        }
    }
    if let Some(reply) = manner.refuse_by.and_then(|refuse| refuse(&body)) {
        return reply;
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/v1/embeddings") => embeddings(&body),
        ("POST", "/v1/chat/completions") => chat(manner, &body),
        ("GET", "/v1/models") => Reply::json(&json!({ "object": "list", "data": [{ "id": "gpt-4o" }] })),
        _ => Reply::error(404, "invalid_request_error", "unknown_url", None, "Unknown request URL"),
    }
}

fn embeddings(body: &Value) -> Reply {
    let inputs: Vec<&str> = match &body["input"] {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if inputs.is_empty() || inputs.iter().any(|text| text.is_empty()) {
        let message = "'$.input' is invalid.";
        return Reply::error(400, "invalid_request_error", "invalid_input", Some("input"), message);
    }
    let dimensions = body["dimensions"].as_u64().and_then(|d| usize::try_from(d).ok());
    let dimensions = dimensions.unwrap_or(1536);
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .rev()
        .map(|(index, text)| {
            let embedding = embedding_of(text, dimensions);
            json!({ "object": "embedding", "index": index, "embedding": embedding })
        })
        .collect();
    let tokens: usize = inputs.iter().map(|text| words(text)).sum();
    Reply::json(&json!({
        "object": "list",
        "data": data,
        "model": body["model"],
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
    }))
}

fn chat(manner: &Manner, body: &Value) -> Reply {
    let messages: Vec<&str> = body["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|message| message["content"].as_str())
        .collect();
    let made = || manner.answer_by.map_or_else(|| first_excerpt(&messages), |answer| answer(&messages));
    let answer = manner.answer.clone().unwrap_or_else(made);
    let prompt: usize = messages.iter().map(|text| words(text)).sum();
    let written = words(&answer);
    let usage = json!({
        "prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written,
    });
    let head =
        |object: &str| json!({ "id": "chatcmpl-1", "object": object, "created": 1, "model": body["model"] });
    if body["stream"] != true {
        let mut whole = head("chat.completion");
        let message = json!({ "role": "assistant", "content": answer, "refusal": null });
        whole["choices"] = json!([{ "index": 0, "message": message, "finish_reason": "stop" }]);
        whole["usage"] = usage;
        return Reply::json(&whole);
    }
    let event = |choices: Value, usage: Value| {
        let mut event = head("chat.completion.chunk");
        event["choices"] = choices;
        event["usage"] = usage;
        event.to_string()
    };
    let delta =
        |delta: Value, finish: Value| json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
    let role = json!({ "role": "assistant", "content": "", "refusal": null });
    let mut events = vec![event(delta(role, Value::Null), Value::Null)];
    events.extend(
        answer
            .split_inclusive(' ')
            .map(|piece| event(delta(json!({ "content": piece }), Value::Null), Value::Null)),
    );
    events.push(event(delta(json!({}), json!("stop")), Value::Null));
    if body["stream_options"]["include_usage"] == true {
        events.push(event(json!([]), usage));
    }
    events.push("[DONE]".into());
    Reply::events(&events)
}

/// The first sentence of the excerpt that a message numbers `[1]`, with its citation.
fn first_excerpt(messages: &[&str]) -> String {
    let excerpt = messages.iter().find_map(|text| {
        let (_, after) = text.split_once("[1]")?;
        let excerpt = after.split("\n[2]").next()?;
        // A heading (file name, page) may stand before the text: the longest line is the text.
        excerpt.lines().map(str::trim).max_by_key(|line| line.len()).filter(|l| !l.is_empty())
    });
    match excerpt {
        Some(line) => {
            let sentence = line.split_inclusive(['.', '!', '?']).next().unwrap_or(line);
            format!("{} [1]", sentence.trim())
        }
        None => "I do not know.".into(),
    }
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_answer_cites_the_first_excerpt() {
        let prompt = "Excerpts:\n[1] prazos.md, page 2\nA entrega leva 5 dias. Depois avise.\n\
                      [2] outro.md\nUma linha muito mais longa do que a primeira de todas.";
        assert_eq!(first_excerpt(&["Be brief.", prompt]), "A entrega leva 5 dias. [1]");
        assert_eq!(first_excerpt(&["Hello"]), "I do not know.");
    }
}
