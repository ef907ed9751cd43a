//! Against a fake service on a real socket.

use std::sync::Arc;

use serde_json::json;
use test_support::{FakeOpenAi, Gate, Reply, embedding_of, unused_address};

use super::*;
use crate::clock::ManualClock;
use crate::embed::TokenCounter;
use crate::error::ErrorKind;

const KEY: &str = "sk-proj-0123456789abcdef";

/// Its dice always show zero, so a backoff takes no time.
fn clock() -> SharedClock {
    Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH))
}

fn config(base_url: String) -> OpenAiEmbedderConfig {
    OpenAiEmbedderConfig {
        base_url,
        api_key: Some(KEY.into()),
        dimensions: 8,
        ..OpenAiEmbedderConfig::default()
    }
}

fn embedder(fake: &FakeOpenAi) -> OpenAiEmbedder {
    OpenAiEmbedder::new(config(fake.base_url()), clock()).unwrap()
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("text number {n}")).collect()
}

fn vectors(vectors: &[&[f32]]) -> Reply {
    let data: Vec<_> = vectors
        .iter()
        .enumerate()
        .map(|(index, embedding)| json!({ "index": index, "embedding": embedding }))
        .collect();
    Reply::json(&json!({ "data": data }))
}

#[tokio::test]
async fn texts_go_in_batches_and_come_back_in_order() {
    let fake = FakeOpenAi::start().await;
    let texts = texts(250);
    let vectors = embedder(&fake).embed_passages(&texts).await.unwrap();
    assert_eq!(vectors.len(), 250);
    for (text, vector) in texts.iter().zip(&vectors) {
        let expected = embedding_of(text, 8);
        let gap = vector.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(gap < 1e-6, "{text}");
    }
    let mut sizes: Vec<_> =
        fake.log().bodies().iter().map(|body| body["input"].as_array().unwrap().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
}

#[tokio::test]
async fn the_request_is_as_the_service_documents_it() {
    let fake = FakeOpenAi::start().await;
    fake.require_key(KEY);
    let query = embedder(&fake).embed_query("prazo?").await.unwrap();
    assert_eq!(query.len(), 8);
    let mut fixed = config(fake.base_url() + "/");
    fixed.send_dimensions = false;
    fixed.dimensions = 1536;
    OpenAiEmbedder::new(fixed, clock()).unwrap().embed_query("prazo?").await.unwrap();
    let [first, second] = &fake.log().all()[..] else { panic!("two requests") };
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/v1/embeddings"));
    assert_eq!(second.path, "/v1/embeddings");
    let model = "text-embedding-3-large";
    let expected = json!({"model": model, "input": ["prazo?"], "dimensions": 8, "encoding_format": "float"});
    assert_eq!(first.json(), expected);
    assert!(second.json().get("dimensions").is_none());
}

#[tokio::test]
async fn several_batches_are_under_way_at_once() {
    let fake = FakeOpenAi::start().await;
    let gate = Gate::new();
    for _ in 0..4 {
        fake.script(vectors(&[&[1.0, 0.0]]).held_by(&gate));
    }
    fake.script(vectors(&[&[0.0, 1.0]]));
    let mut config = config(fake.base_url());
    (config.batch_size, config.dimensions) = (1, 2);
    let embedder = OpenAiEmbedder::new(config, clock()).unwrap();
    let log = fake.log();
    let five = texts(5);
    let watch = async {
        log.wait_for(4).await;
        assert_eq!(log.count(), 4, "no more than four at once");
        gate.release();
    };
    let (found, ()) = tokio::join!(embedder.embed_passages(&five), watch);
    assert_eq!(found.unwrap().last().unwrap(), &[0.0, 1.0]);
}

#[tokio::test]
async fn vectors_get_unit_length() {
    let fake = FakeOpenAi::start().await;
    let mut config = config(fake.base_url());
    config.dimensions = 2;
    let embedder = OpenAiEmbedder::new(config, clock()).unwrap();
    fake.script(vectors(&[&[3.0, 4.0]]));
    assert_eq!(embedder.embed_query("a").await.unwrap(), [0.6, 0.8]);
    fake.script(vectors(&[&[0.0, 0.0]]));
    let error = embedder.embed_query("a").await.unwrap_err();
    assert!(error.to_string().contains("without direction"), "{error}");
}

#[tokio::test]
async fn what_does_not_fit_the_question_is_an_error() {
    let fake = FakeOpenAi::start().await;
    let mut config = config(fake.base_url());
    config.dimensions = 2;
    let embedder = OpenAiEmbedder::new(config, clock()).unwrap();
    let two = texts(2);

    fake.script(vectors(&[&[1.0, 0.0, 0.0], &[1.0, 0.0, 0.0]]));
    let error = embedder.embed_passages(&two).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("embedding.openai.dimensions to 3"), "{error}");

    let row = |index| json!({ "index": index, "embedding": [1.0, 0.0] });
    for rows in [vec![row(0)], vec![row(0), row(0)], vec![row(0), row(2)]] {
        fake.script(Reply::json(&json!({ "data": rows })));
        let error = embedder.embed_passages(&two).await.unwrap_err();
        assert!(error.to_string().contains("cannot be used"), "{error}");
    }
    fake.script(Reply::pieces("text/html", vec![b"<html>".to_vec()]));
    let error = embedder.embed_passages(&two).await.unwrap_err();
    assert!(error.to_string().contains("embedding.openai.base_url"), "{error}");
    assert_eq!(fake.log().count(), 5, "none of these is tried again");
}

#[tokio::test]
async fn empty_texts_are_refused_before_anything_is_sent() {
    let fake = FakeOpenAi::start().await;
    let embedder = embedder(&fake);
    let error = embedder.embed_passages(&["a".into(), " \n".into()]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("text 2 of 2"), "{error}");
    assert!(embedder.embed_query("").await.is_err());
    assert!(embedder.embed_passages(&[]).await.unwrap().is_empty());
    assert_eq!(fake.log().count(), 0);
}

#[tokio::test]
async fn passing_failures_are_tried_again_and_others_are_not() {
    let fake = FakeOpenAi::start().await;
    let embedder = embedder(&fake);
    let busy = || Reply::error(429, "requests", "rate_limit_exceeded", None, "slow down");
    // A date that has passed: come back at once.
    let past = "Thu, 01 Jan 1970 00:00:00 GMT";
    fake.script(busy().header("retry-after", past));
    fake.script(Reply::status(503));
    fake.script(Reply::pieces("application/json", vec![b"{\"data\": [".to_vec()]).cut());
    embedder.embed_query("a").await.unwrap();
    assert_eq!(fake.log().count(), 4);

    let cases = [
        (busy(), 4, ErrorKind::Unavailable, "too many requests"),
        (Reply::status(500), 4, ErrorKind::Unavailable, "problem of its own (500)"),
        (
            Reply::error(429, "insufficient_quota", "insufficient_quota", None, "You exceeded"),
            1,
            ErrorKind::Unavailable,
            "add credit",
        ),
        (Reply::status(404), 1, ErrorKind::Config, "`text-embedding-3-large`"),
        (Reply::status(302).header("location", "/x"), 1, ErrorKind::Config, "base_url"),
        (
            Reply::error(400, "invalid_request_error", "context_length_exceeded", None, "a secret"),
            1,
            ErrorKind::Unavailable,
            "(400, invalid_request_error, context_length_exceeded)",
        ),
    ];
    for (reply, requests, kind, words) in cases {
        let before = fake.log().count();
        for _ in 0..requests {
            fake.script(reply.clone());
        }
        let error = embedder.embed_query("a secret").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error:?}").contains("a secret"));
        assert_eq!(fake.log().count() - before, requests, "{error}");
    }
}

#[tokio::test]
async fn the_key_is_in_no_error_and_no_debug_output() {
    let fake = FakeOpenAi::start().await;
    fake.require_key("sk-another");
    let config = config(fake.base_url());
    assert!(!format!("{config:?}").contains(KEY));
    let embedder = OpenAiEmbedder::new(config, clock()).unwrap();
    assert!(!format!("{:?}", embedder.endpoint).contains(KEY));
    let error = embedder.embed_query("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.to_string();
    assert!(text.contains("refused the API key (401): set embedding.openai.api_key"), "{text}");
    assert!(text.contains("http://127.0.0.1:"), "{text}");
    assert!(!format!("{error:?}").contains("sk-"), "{error:?}");
    assert_eq!(fake.log().count(), 1);
}

#[tokio::test]
async fn a_service_that_is_down_or_silent_is_unavailable() {
    let retry = Retry { attempts: 2, ..Retry::default() };
    let down = OpenAiEmbedderConfig { retry, ..config(unused_address().await) };
    let error = OpenAiEmbedder::new(down, clock()).unwrap().embed_query("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().starts_with("cannot reach the service at http://127"), "{error}");

    let fake = FakeOpenAi::start().await;
    let gate = Gate::new();
    fake.script(Reply::status(200).held_by(&gate));
    fake.script(Reply::status(200).held_by(&gate));
    let timeout = Duration::from_millis(50);
    let silent = OpenAiEmbedderConfig { timeout, retry, ..config(fake.base_url()) };
    let error = OpenAiEmbedder::new(silent, clock()).unwrap().embed_query("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("did not answer within 0.05 s"), "{error}");
    assert_eq!(fake.log().count(), 2);
}

#[test]
fn tokens_are_counted_as_the_service_counts_them() {
    let counter = OpenAiTokenCounter::new();
    // Figures of the service's own tokenizer for `cl100k_base`.
    let counts = counter.count(&["hello world", "", "tiktoken is great!"]).unwrap();
    assert_eq!(counts, [2, 0, 6]);
    assert_eq!(counter.count(&["<|endoftext|>"]).unwrap(), [7], "no special tokens in documents");
}
