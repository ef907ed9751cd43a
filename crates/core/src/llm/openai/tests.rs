//! Against a fake service on a real socket.

use std::sync::Arc;

use serde_json::{Value, json};
use test_support::{FakeOpenAi, Gate, Reply, unused_address};

use super::*;
use crate::clock::ManualClock;
use crate::error::ErrorKind;
use crate::llm::{ChatMessage, Role, Tool};

mod habits;

const KEY: &str = "sk-proj-0123456789abcdef";

fn chat(base_url: String) -> OpenAiChat {
    let config = OpenAiChatConfig { base_url, api_key: Some(KEY.into()), ..OpenAiChatConfig::default() };
    assert!(!format!("{config:?}").contains(KEY));
    // Its dice always show zero, so a backoff takes no time.
    let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
    OpenAiChat::new(config, clock).unwrap()
}

fn request() -> ChatRequest {
    let message = |role, content: &str| ChatMessage { role, content: content.into() };
    ChatRequest {
        model: None,
        messages: vec![
            message(Role::System, "Answer from these.\n[1] A entrega leva cinco dias úteis."),
            message(Role::User, "Qual é o prazo?"),
        ],
        temperature: None,
        max_tokens: None,
        tools: Vec::new(),
        time_limit: None,
    }
}

fn with_tool() -> ChatRequest {
    let tool = Tool { name: "call_a_person", description: "Calls a person." };
    ChatRequest { tools: vec![tool], ..request() }
}

const ANSWER: &str = "A entrega leva cinco dias úteis. [1]";

fn event(delta: &Value, finish: Option<&str>) -> String {
    json!({"model": "m-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}).to_string()
}

fn content(text: &str) -> String {
    event(&json!({ "content": text }), None)
}

async fn streamed(chat: &OpenAiChat) -> (Result<ChatReply>, Vec<String>) {
    let mut pieces = Vec::new();
    let reply = chat.stream(&request(), &mut |piece| pieces.push(piece.to_owned())).await;
    (reply, pieces)
}

#[tokio::test]
async fn an_answer_comes_in_one_piece() {
    let fake = FakeOpenAi::start().await;
    fake.require_key(KEY);
    let reply = chat(fake.base_url()).complete(&request()).await.unwrap();
    assert_eq!(reply.text, ANSWER);
    assert_eq!(reply.model, "gpt-4o");
    assert!(reply.tokens_used > 0 && !reply.truncated);
    let sent = &fake.log().all()[0];
    assert_eq!(sent.path, "/v1/chat/completions");
    let body = sent.json();
    assert_eq!(body["messages"][1], json!({"role": "user", "content": "Qual é o prazo?"}));
    assert_eq!((&body["max_tokens"], &body["temperature"]), (&json!(1000), &json!(0.7)));
    assert!(body.get("stream_options").is_none());
}

#[tokio::test]
async fn a_request_overrides_the_configuration() {
    let fake = FakeOpenAi::start().await;
    let own = ChatRequest {
        model: Some("gpt-4o-mini".into()),
        temperature: Some(0.0),
        max_tokens: Some(5),
        ..request()
    };
    let reply = chat(fake.base_url()).complete(&own).await.unwrap();
    assert_eq!(reply.model, "gpt-4o-mini");
    let body = &fake.log().bodies()[0];
    assert_eq!((&body["max_tokens"], &body["temperature"]), (&json!(5), &json!(0.0)));
}

#[tokio::test]
async fn a_tool_is_offered_and_its_call_is_read() {
    let fake = FakeOpenAi::start().await;
    let call =
        json!({ "id": "c1", "type": "function", "function": { "name": "call_a_person", "arguments": "{}" } });
    let message = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "tool_calls" });
    fake.script(Reply::json(&json!({ "model": "m-1", "choices": [choice], "usage": { "total_tokens": 9 } })));
    let chat = chat(fake.base_url());
    let reply = chat.complete(&with_tool()).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.call.as_deref()), ("", Some("call_a_person")));
    let offered = &fake.log().bodies()[0]["tools"];
    assert_eq!(
        (&offered[0]["type"], &offered[0]["function"]["name"]),
        (&json!("function"), &json!("call_a_person"))
    );
    let reply = chat.complete(&with_tool()).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.call), (ANSWER, None), "a model may write all the same");
}

#[tokio::test]
async fn a_service_that_knows_no_tools_writes() {
    let fake = FakeOpenAi::start().await;
    fake.refuse_parameter("tools", "text");
    let chat = chat(fake.base_url());
    for _ in 0..2 {
        let reply = chat.complete(&with_tool()).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.call), (ANSWER, None));
    }
    assert_eq!(fake.log().count(), 3, "it is asked for tools once");
    assert!(fake.log().bodies()[2].get("tools").is_none());
}

#[tokio::test]
async fn pieces_arrive_while_the_answer_is_written() {
    let fake = FakeOpenAi::start().await;
    let gate = Gate::new();
    let end = json!({"choices": [], "usage": {"total_tokens": 42}}).to_string();
    let events = [content("Olá"), content(" mundo"), event(&json!({}), Some("stop")), end];
    let events = [events.as_slice(), &["[DONE]".into()]].concat();
    fake.script(Reply::events(&events).paused_after(1, &gate));
    let mut pieces = Vec::new();
    let mut on_piece = |piece: &str| {
        // The rest is sent only once the first piece was delivered.
        gate.release();
        pieces.push(piece.to_owned());
    };
    let reply = chat(fake.base_url()).stream(&request(), &mut on_piece).await.unwrap();
    assert_eq!(pieces, ["Olá", " mundo"]);
    assert_eq!(reply.text, "Olá mundo");
    assert_eq!((reply.model.as_str(), reply.tokens_used), ("m-1", 42));
    assert_eq!(fake.log().bodies()[0]["stream_options"]["include_usage"], true);
}

#[tokio::test]
async fn the_usual_stream_gives_the_same_as_one_piece() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    let whole = chat.complete(&request()).await.unwrap();
    let (reply, pieces) = streamed(&chat).await;
    assert_eq!(reply.unwrap(), whole);
    assert_eq!(pieces.concat(), whole.text);
    assert!(pieces.len() > 3);
}

#[tokio::test]
async fn a_stream_split_at_any_byte_gives_the_same_text() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    let events = [content("Ação 🙂"), content(" sim"), event(&json!({}), Some("stop"))];
    let [first, second, last] = &events;
    let stream =
        format!(": ping\n\ndata: {first}\r\n\r\ndata: {second}\r\n\r\ndata: {last}\n\ndata: [DONE]\n\n");
    let kind = "text/event-stream";
    for at in 1..stream.len() {
        let (left, right) = stream.as_bytes().split_at(at);
        fake.script(Reply::pieces(kind, vec![left.to_vec(), right.to_vec()]));
        let (reply, pieces) = streamed(&chat).await;
        assert_eq!(reply.unwrap().text, "Ação 🙂 sim", "split at {at}");
        assert_eq!(pieces, ["Ação 🙂", " sim"]);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_repeated_only_if_nothing_was_delivered() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    fake.script(Reply::events(&[event(&json!({"role": "assistant", "content": ""}), None)]).cut());
    fake.script(Reply::events(&[]));
    let (reply, pieces) = streamed(&chat).await;
    assert_eq!((reply.unwrap().text.as_str(), pieces.concat().as_str()), (ANSWER, ANSWER));
    assert_eq!(fake.log().count(), 3);

    let failed = json!({"error": {"message": "overloaded"}}).to_string();
    let broken = [
        Reply::events(&[content("Olá")]).cut(),
        Reply::events(&[content("Olá")]),
        Reply::events(&[content("Olá"), failed]),
    ];
    for reply in broken {
        let before = fake.log().count();
        fake.script(reply);
        let (reply, pieces) = streamed(&chat).await;
        let error = reply.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(
            ["broke off", "(502: \"overloaded\")"].iter().any(|why| error.to_string().contains(why)),
            "{error}"
        );
        assert_eq!(pieces, ["Olá"]);
        assert_eq!(fake.log().count() - before, 1);
    }
}

#[tokio::test]
async fn services_that_stream_in_their_own_way_are_understood() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    let whole = json!({"choices": [{"message": {"content": "Olá"}, "finish_reason": "stop"}]});
    fake.script(Reply::json(&whole));
    let both = json!({"choices": [{"message": {"content": "Olá"}, "delta": {"content": "lá"}}]});
    fake.script(Reply::events(&[content("O"), both.to_string(), "[DONE]".into()]));
    fake.script(Reply::events(&[content("Olá"), event(&json!({}), Some("stop"))]));
    for _ in 0..3 {
        let (reply, pieces) = streamed(&chat).await;
        assert_eq!((reply.unwrap().text, pieces.concat()), ("Olá".into(), "Olá".into()));
    }
}

#[tokio::test]
async fn a_refused_parameter_is_adapted_once_and_remembered() {
    let fake = FakeOpenAi::start().await;
    fake.refuse_parameter("max_tokens", "max_completion_tokens");
    fake.refuse_parameter("temperature", "the default");
    fake.refuse_parameter("stream_options", "nothing");
    let chat = chat(fake.base_url());
    assert_eq!(chat.complete(&request()).await.unwrap().text, ANSWER);
    assert_eq!(fake.log().count(), 3);
    let (reply, _) = streamed(&chat).await;
    assert_eq!(reply.unwrap().text, ANSWER);
    assert_eq!(fake.log().count(), 5);
    streamed(&chat).await.0.unwrap();
    let body = fake.log().bodies().pop().unwrap();
    assert_eq!(fake.log().count(), 6);
    assert_eq!(body["max_completion_tokens"], 1000);
    for gone in ["max_tokens", "temperature", "stream_options"] {
        assert!(body.get(gone).is_none(), "{gone}");
    }

    // A value that is too large is no reason to rename the parameter.
    let fake = FakeOpenAi::start().await;
    let kind = "invalid_request_error";
    let reply = Reply::error(400, kind, "invalid_value", Some("max_tokens"), "too large");
    fake.script(reply);
    let error = self::chat(fake.base_url()).complete(&request()).await.unwrap_err();
    assert!(error.to_string().contains("max_tokens"), "{error}");
    assert_eq!(fake.log().count(), 1);
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    let cases = [
        (json!({"content": null, "refusal": "I cannot."}), "stop", "refused"),
        (json!({"content": "Half an"}), "content_filter", "refused"),
        (json!({"content": " "}), "stop", "empty"),
        (json!({"content": ""}), "length", "llm.max_tokens"),
    ];
    for (said, finish, words) in cases {
        let choice = json!({ "message": said, "finish_reason": finish });
        fake.script(Reply::json(&json!({ "choices": [choice] })));
        fake.script(Reply::events(&[event(&said, Some(finish)), "[DONE]".into()]));
        let error = chat.complete(&request()).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        let error = streamed(&chat).await.0.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!(fake.log().count(), 8);

    fake.script(Reply::events(&[content("cut"), event(&json!({}), Some("length"))]));
    assert!(streamed(&chat).await.0.unwrap().truncated);
}

#[tokio::test]
async fn the_service_decides_when_to_come_back() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    fake.script(Reply::status(429).header("retry-after", "7"));
    let asked = request();
    let failure = chat.attempt(&chat.asked(&asked, false), &mut |_| ()).await.unwrap_err();
    assert_eq!(failure.again, crate::net::Again::After(Duration::from_secs(7)));
    fake.script(Reply::status(503).header("retry-after", "0"));
    chat.complete(&request()).await.unwrap();
}

#[tokio::test]
async fn errors_say_where_and_what_to_do_but_not_the_key() {
    let fake = FakeOpenAi::start().await;
    fake.require_key("sk-another");
    let error = chat(fake.base_url()).complete(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("set llm.api_key or OPENAI_API_KEY"), "{error}");
    assert!(!format!("{error:?}").contains("sk-"), "{error:?}");

    let with_password = unused_address().await.replace("://", "://user:pass@");
    let error = streamed(&chat(with_password)).await.0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("llm.base_url"), "{error}");
    assert!(!format!("{error:?}").contains("pass"), "{error:?}");
}
