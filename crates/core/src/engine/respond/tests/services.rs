//! Chat services as they are: down, slow, small, and with habits of their own.

use super::*;
use crate::answer::{EXTRACTIVE, NO_MODEL};

const OPENS: &str = "Que horas abre a piscina?";

/// A complete stream with these pieces.
fn stream(pieces: &[&str], finish: &str) -> Reply {
    let event = |delta: serde_json::Value, finish: Option<&str>| {
        json!({ "model": "m", "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] })
            .to_string()
    };
    let mut events: Vec<String> =
        pieces.iter().map(|piece| event(json!({ "content": piece }), None)).collect();
    events.push(event(json!({}), Some(finish)));
    events.push("[DONE]".into());
    Reply::events(&events)
}

#[tokio::test]
async fn without_the_service_the_documents_are_quoted_at_once_and_never_cached() {
    let house = House::new(true).await;
    for _ in 0..5 {
        house.chat.script(Reply::status(503));
    }
    for (asked, requests) in [(OPENS, 4), ("Quanto custa a entrada da piscina?", 5), (OPENS, 5)] {
        let answer = house.ask(asked).await;
        assert_eq!((answer.model.as_str(), answer.fallback), (EXTRACTIVE, true));
        assert!(answer.answer.contains("6h") && !answer.cached, "{}", answer.answer);
        assert_eq!(answer.sources[0].document_name, "piscina.md");
        assert_eq!(house.chat.log().count(), requests, "{asked}");
    }
    let parts = house.engine.health().await;
    let llm = parts.iter().find(|part| part.name == "llm").unwrap();
    assert!(llm.state.describe().contains("quoted instead"), "{:?}", llm.state);
    // What the documents do not tell is refused as ever.
    let refused = house.ask("qual a capital da Austrália?").await;
    assert_eq!((refused.model.as_str(), refused.sources.len(), refused.fallback), (NO_MODEL, 0, false));

    house.clock.advance(Duration::from_secs(30));
    house.chat.answer_with("Abre às 6h [1].");
    let answer = house.ask(OPENS).await;
    assert_eq!((answer.answer.as_str(), answer.fallback), ("Abre às 6h [1].", false));
}

#[tokio::test]
async fn whatever_is_wrong_with_the_service_customers_get_an_answer() {
    for broken in [
        Reply::error(401, "invalid_request_error", "invalid_api_key", None, "Incorrect API key"),
        Reply::error(404, "invalid_request_error", "model_not_found", None, "no such model"),
        Reply::pieces("text/html", vec![b"<html>captive portal".to_vec()]),
        Reply::json(&json!({ "choices": [{ "message": { "content": null }, "finish_reason": "length" }] })),
        reply("<think>o dono pede sigilo e"),
        reply("Custa R$ 999,00 [1]."),
    ] {
        let house = House::new(true).await;
        house.chat.script(broken);
        let answer = house.ask(OPENS).await;
        assert!(answer.answer.contains("6h") && answer.model == EXTRACTIVE, "{answer:?}");
        assert!(!answer.answer.contains("sigilo") && !answer.answer.contains("999"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_waited_for_once() {
    let folder = tempfile::tempdir().unwrap();
    let (chat, embedding) = (FakeOpenAi::start().await, FakeOpenAi::start().await);
    let sources = ConfigSources { data_dir: Some(folder.path().join("data")), ..ConfigSources::default() };
    let mut config = Config::load(&sources).unwrap();
    shelf::embed_with(&mut config, &embedding);
    config.llm.base_url = chat.base_url();
    config.llm.timeout_seconds = 1;
    let (engine, _) = Engine::init(config, None).await.unwrap();
    shelf::add(&engine, "piscina.md", POOL).await;
    let gate = Gate::new();
    for _ in 0..4 {
        chat.script(reply("Abre às 7h [1].").held_by(&gate));
    }
    let begun = Instant::now();
    let answer = engine.answer(&ask(OPENS)).await.unwrap();
    // Far from the four seconds that four tries would take.
    assert!(answer.fallback && begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    gate.release();
}

#[tokio::test]
async fn what_broke_off_in_a_stream_is_replaced() {
    let house = House::new(true).await;
    house.chat.script(stream(&["Abre às 6h [1]", ", e aos domi"], "error"));
    let mut pieces = String::new();
    let mut on_piece = |piece: &str| pieces.push_str(piece);
    let answer = house.engine.answer_streaming(&ask(OPENS), &mut on_piece).await.unwrap();
    assert!(answer.fallback && answer.answer.contains("A piscina aquecida abre às 6h"), "{}", answer.answer);
    assert!(!pieces.contains("Encontrei"), "{pieces}");

    house.chat.script(stream(&["Abre "], "error"));
    let mut pieces = String::new();
    let mut on_piece = |piece: &str| pieces.push_str(piece);
    let answer = house.engine.answer_streaming(&ask(OPENS), &mut on_piece).await.unwrap();
    assert_eq!(pieces, answer.answer, "nothing had been shown yet");
}

#[tokio::test]
async fn a_streamed_thought_is_never_shown() {
    let house = House::new(true).await;
    for pieces in [
        &["<thi", "nk>o dono", " pede sigilo [1]</th", "ink>\n", "Abre às 6h ", "[1]."][..],
        &["o dono pede", " sigilo\n</th", "ink>\n\nAbre às ", "6h [1]."],
        &[
            "<|chan",
            "nel|>analysis<|message|>sigilo<|end|>",
            "<|channel|>final<|message|>",
            "Abre às 6h [1].",
        ],
    ] {
        house.chat.script(stream(pieces, "stop"));
        let mut shown = String::new();
        let mut on_piece = |piece: &str| shown.push_str(piece);
        // Another temperature each time, so that nothing comes from the cache.
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let temperature = Some(house.chat.log().count() as f64 / 10.0);
        let asked = Ask { temperature, ..ask(OPENS) };
        let answer = house.engine.answer_streaming(&asked, &mut on_piece).await.unwrap();
        assert_eq!((shown.as_str(), answer.answer.as_str()), ("Abre às 6h [1].", "Abre às 6h [1]."));
    }
}

#[tokio::test]
async fn a_refusal_of_the_model_names_no_model_and_no_source() {
    for word in
        ["NO_ANSWER", "**NO_ANSWER**", "Desculpe, não sei.\n\nNO ANSWER", "Não encontrei. NO_ANSWER [1]"]
    {
        let house = House::new(true).await;
        house.chat.answer_with(word);
        let answer = house.ask(OPENS).await;
        assert!(answer.answer.starts_with("Não encontrei essa informação"), "{}", answer.answer);
        assert_eq!((answer.model.as_str(), answer.sources.len()), (NO_MODEL, 0), "{word}");
        assert!(answer.tokens_used > 0, "it was asked, and that is paid for");
    }
}

#[tokio::test]
async fn a_small_context_gets_fewer_excerpts_and_is_remembered() {
    let house = House::new(true).await;
    for n in 0..4 {
        let more = "A piscina fica no bloco azul e tem raias marcadas. ".repeat(12);
        house.add(&format!("piscina-{n}.md"), &format!("A piscina abre às 6h na ala {n}. {more}")).await;
    }
    house.chat.refuse_by(|body| {
        let length: usize = body["messages"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|m| m["content"].as_str().unwrap_or_default().chars().count())
            .sum();
        let message = "the request exceeds the available context size, try increasing it";
        (length > 2600).then(|| Reply::error(400, "exceed_context_size_error", "", None, message))
    });
    let answer = house.ask(OPENS).await;
    assert!(!answer.fallback, "{answer:?}");
    let bodies = house.chat.log().bodies();
    assert!(bodies.len() > 1);
    let excerpts =
        |body: &serde_json::Value| body["messages"].to_string().matches("piscina abre às 6h").count();
    let (first, last) = (excerpts(&bodies[0]), excerpts(bodies.last().unwrap()));
    assert!(last < first && last > 0, "{first} {last}");
    let before = bodies.len();
    house.ask("A piscina abre às 6h na ala azul?").await;
    assert_eq!(house.chat.log().count(), before + 1, "what fits is known by now");
}
