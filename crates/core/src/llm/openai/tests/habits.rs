//! What services refuse, and the forms in which they answer and fail.

use super::*;
use crate::llm::CONTEXT_TOO_SMALL;
use crate::net::BreakerState;

/// Refuses what it is about with this status and these words; answers everything else.
fn refusing(status: u16, kind: &str, code: &str, message: &str) -> Reply {
    Reply::error(status, kind, code, None, message)
}

#[tokio::test]
async fn tools_that_are_refused_in_any_words_are_left_out_and_that_is_remembered() {
    let refusals: [fn(&Value) -> Option<Reply>; 6] = [
        |body| {
            let words = "\"auto\" tool choice requires a parser to be set";
            body.get("tools").map(|_| refusing(400, "BadRequestError", "", words))
        },
        |body| body.get("tools").map(|_| refusing(500, "server_error", "", "tools param needs --jinja")),
        |body| body.get("tools").map(|_| refusing(404, "not_found", "", "no endpoint supports tool use")),
        |body| {
            body.get("tools").map(|_| refusing(400, "api_error", "", "local:latest does not support tools"))
        },
        |body| body.get("tools").map(|_| Reply::status(422)),
        |body| {
            let error = json!({ "message": "Function calling is not enabled", "code": 400 });
            body.get("tools").map(|_| Reply::json(&json!({ "error": error })))
        },
    ];
    for (n, refuse) in refusals.into_iter().enumerate() {
        let fake = FakeOpenAi::start().await;
        fake.refuse_by(refuse);
        let chat = chat(fake.base_url());
        for requests in [2, 3] {
            let reply = chat.complete(&with_tool()).await.unwrap();
            assert_eq!((reply.text.as_str(), reply.call), (ANSWER, None));
            assert_eq!(fake.log().count(), requests, "service {n}");
        }
        assert_eq!(chat.breaker.state(), BreakerState::Closed);
    }
}

#[tokio::test]
async fn a_service_that_fails_for_another_reason_keeps_its_tools() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    // A model's slip, and a failure that passes: with tools again the next time.
    let slip = "Failed to call a function.";
    for failed in [refusing(400, "invalid_request_error", "tool_use_failed", slip), Reply::status(502)] {
        fake.script(failed);
        chat.complete(&with_tool()).await.unwrap();
        let bodies = fake.log().bodies();
        assert!(bodies.last().unwrap().get("tools").is_none());
        chat.complete(&with_tool()).await.unwrap();
        assert!(fake.log().bodies().last().unwrap().get("tools").is_some());
    }
    // Failing again and again with tools, and never without: tools are why.
    let fails: fn(&Value) -> Option<Reply> = |body| body.get("tools").map(|_| Reply::status(500));
    fake.refuse_by(fails);
    for _ in 0..3 {
        chat.complete(&with_tool()).await.unwrap();
    }
    assert!(fake.log().bodies().last().unwrap().get("tools").is_none());
    let before = fake.log().count();
    chat.complete(&with_tool()).await.unwrap();
    assert_eq!(fake.log().count(), before + 1);
}

#[tokio::test]
async fn without_a_system_role_the_rules_stand_before_the_first_question() {
    let refusals: [fn(&Value) -> Option<Reply>; 3] = [
        |body| {
            (body["messages"][0]["role"] == "system")
                .then(|| refusing(400, "", "", "System role not supported"))
        },
        |body| {
            let words =
                "Jinja Exception: Conversation roles must alternate user/assistant/user/assistant/...";
            (body["messages"][0]["role"] == "system").then(|| refusing(500, "server_error", "", words))
        },
        |body| {
            let words = "Unsupported value: 'messages[0].role' does not support 'system' with this model.";
            (body["messages"][0]["role"] == "system")
                .then(|| refusing(400, "invalid_request_error", "unsupported_value", words))
        },
    ];
    for refuse in refusals {
        let fake = FakeOpenAi::start().await;
        fake.refuse_by(refuse);
        let chat = chat(fake.base_url());
        assert_eq!(chat.complete(&with_tool()).await.unwrap().text, ANSWER);
        assert_eq!(fake.log().count(), if fake.log().bodies()[1].get("tools").is_some() { 2 } else { 3 });
        let before = fake.log().count();
        streamed(&chat).await.0.unwrap();
        let sent = fake.log().bodies().pop().unwrap();
        assert_eq!(fake.log().count(), before + 1);
        assert_eq!(sent["messages"].as_array().unwrap().len(), 1);
        let text = sent["messages"][0]["content"].as_str().unwrap();
        assert!(text.starts_with("Answer from these.") && text.ends_with("Qual é o prazo?"), "{text}");
    }
}

#[tokio::test]
async fn an_error_inside_a_success_is_repeated_and_told_without_secrets() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    let inside = |message: &str, code: u16| {
        Reply::json(&json!({ "error": { "message": message, "code": code }, "user_id": "u" }))
    };
    fake.script(inside("Provider returned error", 502));
    assert_eq!(chat.complete(&request()).await.unwrap().text, ANSWER);
    assert_eq!(fake.log().count(), 2);
    fake.script(Reply::events(&[json!({ "error": { "message": "overloaded" } }).to_string()]));
    assert_eq!(streamed(&chat).await.0.unwrap().text, ANSWER);

    for _ in 0..4 {
        fake.script(inside("Provider returned error", 502));
    }
    let error = chat.complete(&request()).await.unwrap_err();
    assert!(error.to_string().contains("(502: \"Provider returned error\")"), "{error}");
    for _ in 0..4 {
        fake.script(inside(&format!("bad key {KEY} for Qual é o prazo?"), 503));
    }
    let error = chat.complete(&request()).await.unwrap_err();
    assert!(!format!("{error:?}").contains("sk-") && !format!("{error:?}").contains("prazo"), "{error:?}");
    assert_eq!(chat.breaker.state(), BreakerState::Open, "the breaker counts them");
}

#[tokio::test]
async fn too_many_requests_inside_a_success_are_no_outage() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    for _ in 0..8 {
        fake.script(Reply::json(&json!({ "error": { "message": "Rate limit exceeded", "code": 429 } })));
    }
    for _ in 0..2 {
        let error = chat.complete(&request()).await.unwrap_err();
        assert!(error.to_string().contains("Rate limit exceeded"), "{error}");
    }
    assert_eq!((fake.log().count(), chat.breaker.state()), (8, BreakerState::Closed));
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    let message = json!({ "role": "assistant", "content": "A entrega" });
    let half = json!({ "choices": [{ "message": message, "finish_reason": "error",
        "error": { "code": 502, "message": "upstream" } }] });
    let empty = json!({ "choices": [] });
    for broken in [half, empty] {
        fake.script(Reply::json(&broken));
        assert_eq!(chat.complete(&request()).await.unwrap().text, ANSWER, "it is asked again");
        for _ in 0..4 {
            fake.script(Reply::json(&broken));
        }
        let error = chat.complete(&request()).await.unwrap_err().to_string();
        assert!(error.contains("upstream") || error.contains("no choices"), "{error}");
        fake.script(Reply::status(200));
        chat.complete(&request()).await.unwrap_err();
    }
}

#[tokio::test]
async fn answers_are_understood_under_any_content_type() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    let whole =
        json!({ "choices": [{ "message": { "content": "Olá" }, "finish_reason": "stop" }] }).to_string();
    let events = format!("data: {}\n\ndata: {}\n\n", content("Olá"), event(&json!({}), Some("stop")));
    for (kind, body) in [
        ("text/plain; charset=utf-8", format!("\n   \n{whole}")),
        ("text/event-stream", whole),
        ("application/json", events.clone()),
        ("text/plain", events),
    ] {
        for streaming in [false, true] {
            fake.script(Reply::pieces(kind, vec![body.clone().into_bytes()]));
            let text = if streaming {
                streamed(&chat).await.0.unwrap().text
            } else {
                chat.complete(&request()).await.unwrap().text
            };
            assert_eq!(text, "Olá", "{kind}");
        }
    }
    fake.script(Reply::pieces("text/html", vec![b"<html>".to_vec()]));
    let error = streamed(&chat).await.0.unwrap_err();
    assert!(error.to_string().contains("something else"), "{error}");
}

#[tokio::test]
async fn a_prompt_that_is_too_long_says_what_would_fit() {
    let words = [
        (400, "", "context_length_exceeded", "This model's maximum context length is 2048 tokens."),
        (
            400,
            "BadRequestError",
            "",
            "This model's maximum context length is 2048 tokens. However, you requested 3100 tokens (2100 in the \
             messages, 1000 in the completion).",
        ),
        (500, "server_error", "", "the request exceeds the available context size"),
        (413, "", "", "prompt is too long"),
    ];
    for (status, kind, code, message) in words {
        let fake = FakeOpenAi::start().await;
        let chat = chat(fake.base_url());
        assert_eq!(chat.longest_prompt(None), None);
        fake.script(refusing(status, kind, code, message));
        let mut long = request();
        long.messages[1].content = "palavra ".repeat(1000);
        let error = chat.complete(&long).await.unwrap_err();
        assert_eq!(error.code(), Some(CONTEXT_TOO_SMALL), "{error}");
        let fits = chat.longest_prompt(None).unwrap();
        assert!(fits > 1000 && fits < 8000, "{fits} after {message}");
        chat.complete(&request()).await.unwrap();
        let asked = fake.log().bodies().pop().unwrap()["max_tokens"].as_u64().unwrap();
        assert!(asked < 1000, "the answer leaves room: {asked}");
        assert_eq!(fake.log().count(), 2);
    }
}

#[tokio::test]
async fn all_tries_together_take_no_longer_than_an_answer_may() {
    let fake = FakeOpenAi::start().await;
    let chat = chat(fake.base_url());
    let gate = Gate::new();
    let brief = ChatRequest { time_limit: Some(Duration::from_millis(200)), ..request() };
    for held in [Reply::json(&json!({})).held_by(&gate), Reply::status(429).header("retry-after", "30")] {
        fake.script(held);
        let begun = tokio::time::Instant::now();
        chat.complete(&brief).await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    // Kept alive by comments, and never beginning.
    fake.script(Reply::pieces("text/event-stream", vec![b": wait\n\n".to_vec(); 3]).paused_after(2, &gate));
    let error = chat.stream(&brief, &mut |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("did not answer"), "{error}");
    assert_eq!(fake.log().count(), 3);
}

#[tokio::test]
async fn a_test_finds_out_what_a_service_can_do() {
    let fake = FakeOpenAi::start().await;
    fake.answer_with("JABUTICABA e só");
    let found = chat(fake.base_url()).test().await.unwrap();
    let ability = |found: &ChatTest, name: &str| {
        found.findings.iter().find(|finding| finding.name == name).unwrap().ability
    };
    for name in ["model", "system", "streaming", "usage", "context"] {
        assert_eq!(ability(&found, name), Ability::Yes, "{name}: {found:?}");
    }
    assert_eq!((ability(&found, "tools"), ability(&found, "reasoning")), (Ability::Unknown, Ability::No));

    fake.answer_with("<think>hm</think>Não sei.");
    fake.refuse_by(|body| {
        let too_long = body.to_string().len() > 5000;
        let words = "This model's maximum context length is 1024 tokens.";
        (body["messages"][0]["role"] == "system")
            .then(|| refusing(400, "", "", "System role not supported"))
            .or_else(|| body.get("tools").map(|_| refusing(400, "", "", "tools are not supported")))
            .or_else(|| too_long.then(|| refusing(400, "", "context_length_exceeded", words)))
    });
    let found = chat(fake.base_url()).test().await.unwrap();
    for name in ["system", "tools", "context"] {
        assert_eq!(ability(&found, name), Ability::No, "{name}: {found:?}");
    }
    assert_eq!(ability(&found, "reasoning"), Ability::Yes);
    assert!(!format!("{found:?}").contains("sk-"));
    let gone = chat(unused_address().await).test().await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::Unavailable);
}
