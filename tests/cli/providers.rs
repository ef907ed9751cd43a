//! Services on the internet, spoken to over a real socket: chat models, embeddings, the model hub.

use serde_json::{Value, json};
use test_support::{FakeOpenAi, Reply, unused_address};

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
    let (deployment, config) = with_chat(&format!("{address}/v1"));
    let ran = run(&deployment, &["--config", &config, "query", "que horas abre a piscina?"]).expect(5);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    let ran = run(&deployment, &["--config", &config, "status"]).expect(5);
    assert!(
        ran.stdout.contains("the chat service gives no answer, so the documents are quoted"),
        "{}",
        ran.stdout
    );

    let quoted = ["--json", "--config", &config, "query", "que horas abre a piscina?", "--fallback"];
    let ran = run(&deployment, &quoted).expect(0);
    let answer = ran.json();
    assert_eq!((&answer["model"], &answer["fallback"]), (&json!("extractive"), &json!(true)));
    assert!(answer["answer"].as_str().unwrap().contains("abre às 6h"), "{answer}");
    assert!(ran.stderr.contains("quoted instead"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_inside_a_success_names_its_cause() {
    let service = FakeOpenAi::start().await;
    service.refuse_by(|_| Some(Reply::json(&json!({ "error": { "message": "No GPU left", "code": 503 } }))));
    let (deployment, config) = with_chat(&service.base_url());
    for more in [&[][..], &["--stream"]] {
        let args = [&["--config", &config, "query", "que horas abre a piscina?"], more].concat();
        let ran = run(&deployment, &args).expect(5);
        assert!(ran.stderr.contains("No GPU left") && !ran.stderr.contains("sk-test"), "{}", ran.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_in_the_terminal_is_answered_without_tools_and_without_the_service() {
    let service = FakeOpenAi::start().await;
    service.answer_with("Às 6h [1].");
    service.refuse_by(|body| {
        body.get("tools").map(|_| Reply::error(500, "server_error", "", None, "tools need another template"))
    });
    let (deployment, config) = with_chat(&service.base_url());
    let said = "que horas abre a piscina?\n/novo\nque horas abre a piscina aquecida?\n";
    let args = ["--config", config.as_str(), "chat"];
    let ran = tokio::task::block_in_place(|| deployment.run_with_input(&args, said.as_bytes())).expect(0);
    assert_eq!(ran.stdout.matches("Às 6h").count(), 2, "{}", ran.stdout);
    assert_eq!(ran.stderr.matches("takes no tools").count(), 1, "{}", ran.stderr);
    service.refuse_by(|_| Some(Reply::status(401)));
    let said = "a que horas fecha a piscina?\n".as_bytes();
    let ran = tokio::task::block_in_place(|| deployment.run_with_input(&args, said)).expect(0);
    assert!(ran.stdout.contains("abre às 6h e fecha às 22h"), "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_service_is_asked_what_it_can_do() {
    let service = FakeOpenAi::start().await;
    service.refuse_by(|body| {
        body.get("tools")
            .map(|_| Reply::error(400, "api_error", "", None, "this model does not support tools"))
    });
    let deployment = Deployment::new();
    let text = format!("[llm]\nbase_url = \"{}\"\napi_key = \"sk-test\"\n", service.base_url());
    let config = deployment.write("c.toml", text).display().to_string();
    let shown = run(&deployment, &["--config", &config, "models", "test-chat"]).expect(0).stdout;
    assert!(shown.starts_with("gpt-4o at http://127.0.0.1:"), "{shown}");
    assert!(
        shown.contains("\ntools      no ") && shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
    let found = run(&deployment, &["--json", "--config", &config, "models", "test-chat"]).expect(0).json();
    let tools =
        found["findings"].as_array().unwrap().iter().find(|finding| finding["name"] == "tools").unwrap();
    assert_eq!(tools["ability"], "no");
    service.require_key("another");
    run(&deployment, &["--config", &config, "models", "test-chat"]).expect(3);
    let ran = run(&deployment, &["models", "test-chat"]).expect(3);
    assert!(ran.stderr.contains("llm.base_url"), "{}", ran.stderr);
}

/// Sets the variables that name proxies.
fn behind(deployment: &mut Deployment, proxy: &str) {
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"];
    deployment.env.extend(names.map(|name| (name.to_owned(), proxy.to_owned())));
    for name in ["ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        deployment.env.push((name.to_owned(), String::new()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_never_asked_through_a_proxy() {
    let (service, proxy) = (FakeOpenAi::start().await, FakeOpenAi::start().await);
    proxy.refuse_by(|_| Some(Reply::status(403)));
    let local = service.base_url();
    let named = local.replace("127.0.0.1", "localhost");
    for address in [local, named] {
        let (mut deployment, config) = with_chat(&address);
        behind(&mut deployment, proxy.base_url().trim_end_matches("/v1"));
        run(&deployment, &["--config", &config, "query", "que horas abre a piscina?"]).expect(0);
    }
    assert_eq!((proxy.log().count(), service.log().count()), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_refuses_is_not_blamed_on_the_service() {
    let proxy = FakeOpenAi::start().await;
    proxy.refuse_by(|_| {
        Some(Reply::pieces("text/html", vec![b"<h1>Acesso negado</h1>".to_vec()]).with_status(403))
    });
    let (mut deployment, config) = with_chat("http://modelo.example.com/v1");
    let address = proxy.base_url().trim_end_matches("/v1").replace("://", "://ana:s3gr3do@");
    behind(&mut deployment, &address);
    let host = proxy.base_url().trim_end_matches("/v1").trim_start_matches("http://").to_owned();
    let ran = run(&deployment, &["--config", &config, "query", "que horas abre a piscina?"]).expect(5);
    assert!(ran.stderr.contains(&format!("the proxy {host} answered 403 in place of")), "{}", ran.stderr);
    assert!(ran.stderr.contains("HTTP_PROXY") && !ran.stderr.contains("s3gr3do"), "{}", ran.stderr);
    assert!(proxy.log().all()[0].header("proxy-authorization").is_some());
    let ran = run(&deployment, &["--config", &config, "status"]).expect(5);
    assert!(ran.stdout.contains(&host) && !ran.stdout.contains("s3gr3do"), "{}", ran.stdout);

    proxy.refuse_by(|_| Some(Reply::pieces("text/html", vec![b"<h1>Entrar</h1>".to_vec()])));
    let ran = run(&deployment, &["--config", &config, "query", "que horas abre a piscina?"]).expect(5);
    assert!(ran.stderr.contains(&format!("through the proxy {host}")), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_cannot_be_read_is_named_by_its_variable() {
    let service = FakeOpenAi::start().await;
    let (mut deployment, config) = with_chat(&service.base_url());
    behind(&mut deployment, "socks5h://ana:s3gr3do@127.0.0.1:1");
    let ran = run(&deployment, &["--config", &config, "query", "que horas abre a piscina?"]).expect(0);
    assert!(ran.stderr.contains("HTTP_PROXY names a SOCKS proxy"), "{}", ran.stderr);
    let shown = run(&deployment, &["--config", &config, "status"]).expect(3);
    assert!(shown.stdout.contains("HTTPS_PROXY names a SOCKS proxy"), "{}", shown.stdout);
    assert!(!format!("{}{}{}", ran.stderr, shown.stdout, shown.stderr).contains("s3gr3do"));
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
