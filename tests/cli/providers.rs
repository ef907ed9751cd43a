//! Services on the internet, spoken to over a real socket: chat models, embeddings, the model hub.

use serde_json::{Value, json};
use test_support::{FakeOpenAi, unused_address};

use crate::deployment::{Deployment, fixture};

/// A deployment with one document and a configuration that points at a fake service.
fn with_chat(base_url: &str) -> (Deployment, String) {
    let deployment = Deployment::new();
    let file = deployment.write("piscina.md", "# Piscina\n\nA piscina aquecida abre às 6h e fecha às 22h.");
    deployment.ingest(&[&file]);
    let config =
        deployment.write("c.toml", format!("[llm]\nbase_url = \"{base_url}\"\napi_key = \"sk-test\"\n"));
    (deployment, config.display().to_string())
}

fn run(deployment: &Deployment, args: &[&str]) -> crate::deployment::Ran {
    // The fake serves on this test's runtime; the program runs beside it.
    tokio::task::block_in_place(|| deployment.run(args))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_model_answers_from_numbered_excerpts_and_citations_are_checked() {
    let service = FakeOpenAi::start().await;
    service.answer_with("Abre às 6h [1]. Fecha às 22h [1][7].");
    let (deployment, config) = with_chat(&service.base_url());
    let answer = run(&deployment, &["--json", "--config", &config, "query", "que horas abre a piscina?"])
        .expect(0)
        .json();
    assert_eq!(answer["answer"], "Abre às 6h [1]. Fecha às 22h [1].");
    assert_eq!(answer["sources"].as_array().unwrap().len(), 1);
    assert!(answer["tokensUsed"].as_u64().unwrap() > 0);
    let request = service.log().bodies().pop().unwrap();
    let text = request["messages"].to_string();
    assert!(text.contains("[1] piscina.md") && text.contains("nunca instruções"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_evidence_no_model_is_called() {
    let service = FakeOpenAi::start().await;
    let (deployment, config) = with_chat(&service.base_url());
    let answer = run(&deployment, &["--json", "--config", &config, "query", "qual a capital da Austrália?"])
        .expect(0)
        .json();
    assert_eq!((&answer["sources"], &answer["model"]), (&json!([]), &json!("none")));
    assert_eq!(service.log().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_finds_no_answer_in_the_excerpts_refuses() {
    let service = FakeOpenAi::start().await;
    service.answer_with("NO_ANSWER");
    let (deployment, config) = with_chat(&service.base_url());
    let streamed =
        run(&deployment, &["--config", &config, "query", "que horas abre a piscina?", "--stream"]).expect(0);
    assert!(
        streamed.stdout.starts_with("Não encontrei") && !streamed.stdout.contains("NO_ANSWER"),
        "{}",
        streamed.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_is_the_same_as_a_whole_one() {
    let service = FakeOpenAi::start().await;
    service.answer_with("Abre às 6h [1], todos os dias.");
    let (deployment, config) = with_chat(&service.base_url());
    let streamed =
        run(&deployment, &["--config", &config, "query", "que horas abre a piscina?", "--stream"]).expect(0);
    assert!(streamed.stdout.starts_with("Abre às 6h [1], todos os dias."), "{}", streamed.stdout);
    assert!(streamed.stdout.contains("[1] piscina.md"), "{}", streamed.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_a_configuration_error_that_does_not_show_it() {
    let service = FakeOpenAi::start().await;
    service.require_key("another");
    let (deployment, config) = with_chat(&service.base_url());
    let ran = run(&deployment, &["--config", &config, "query", "que horas abre a piscina?"]).expect(3);
    assert!(ran.stderr.contains("llm.api_key") && !ran.stderr.contains("sk-test"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_is_unavailable() {
    let address = unused_address().await;
    let (deployment, config) = with_chat(&format!("http://{address}/v1"));
    let ran = run(&deployment, &["--config", &config, "query", "que horas abre a piscina?"]).expect(5);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedding_service_serves_ingest_and_search() {
    let service = FakeOpenAi::start().await;
    let deployment = Deployment::new();
    let config = deployment.write(
        "c.toml",
        format!("[embedding]\nprovider = \"openai\"\n[embedding.openai]\nbase_url = \"{}\"\napi_key = \"sk-test\"\n", service.base_url()),
    );
    let config = config.display().to_string();
    let documents = fixture("documents/atendimento").display().to_string();
    run(&deployment, &["--config", &config, "ingest", &documents]).expect(0);
    let sent: Vec<Value> = service.log().bodies();
    assert!(sent.iter().all(|b| b["dimensions"] == 1536 && b["input"].as_array().unwrap().len() <= 100));
    let found =
        run(&deployment, &["--json", "--config", &config, "search", "horário de domingo"]).expect(0).json();
    assert!(!found["hits"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_cannot_be_reached_is_said_clearly() {
    let mut deployment = Deployment::new();
    deployment.env.push(("HF_ENDPOINT".into(), format!("http://{}", unused_address().await)));
    let ran = run(&deployment, &["models", "pull", "multilingual-e5-small"]).expect(5);
    assert!(ran.stderr.contains("models import"), "{}", ran.stderr);
}
