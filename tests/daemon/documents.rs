//! Documents over the wire: uploaded, processed in the background, searched, deleted.

use serde_json::json;

use crate::app::{TestApp, form};
use reqwest::Method;

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_answered_from_once_it_is_processed() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let text = "# Reembolso\n\nDevolvemos o dinheiro em até 30 dias após a compra, com a nota fiscal.";
    let answer = app
        .upload(&owner, "reembolso.md", text.as_bytes(), &[("metadata", "{\"title\":\"Política\"}")])
        .await;
    let document = answer.expect(201);
    assert_eq!((document["status"].as_str(), document["fileType"].as_str()), (Some("uploaded"), Some("md")));
    assert_eq!(document["fileSize"], text.len());
    let id = document["id"].as_str().unwrap();
    let done = app.settled(&owner, id).await;
    assert_eq!((done["status"].as_str(), done["version"].as_u64()), (Some("processed"), Some(1)), "{done}");
    assert_eq!(done["metadata"]["title"], "Política");

    let chunks = app.get(&owner, &format!("/documents/{id}/chunks?limit=1")).await.expect(200);
    assert!(chunks["data"][0]["content"].as_str().unwrap().contains("30 dias"));
    let asked =
        app.post(&owner, "/rag/query", json!({ "query": "Em quantos dias devolvem o dinheiro?" })).await;
    let asked = asked.expect(200);
    assert!(asked["answer"].as_str().unwrap().contains("30 dias"), "{asked}");
    assert_eq!(asked["sources"][0]["documentId"], id);
    assert_eq!(asked["sources"][0]["documentName"], "reembolso.md");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_read_of_an_upload_is_noted() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let text = "Canoa: ~~R$ 90,00~~ R$ 70,00 por hora\n\n![o mapa](mapa.png)";
    let document = app.ingest(&owner, "passeios.md", text).await;
    let path = format!("/documents/{}", document["id"].as_str().unwrap());
    let notes = app.get(&owner, &path).await.expect(200)["notes"].clone();
    assert_eq!(notes[0]["kind"], "picture_not_read", "{notes}");
    assert_eq!(notes[1]["text"], "struck-out text left out: 1 passage", "{notes}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_name_is_a_new_version_and_the_same_bytes_are_not() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let first = app.ingest(&owner, "horario.txt", "A loja abre às 9h de segunda a sábado.").await;
    let again = app.ingest(&owner, "horario.txt", "A loja abre às 9h de segunda a sábado.").await;
    assert_eq!((again["id"].clone(), again["version"].clone()), (first["id"].clone(), json!(1)));
    let changed = app.ingest(&owner, "horario.txt", "A loja abre às 10h de segunda a sábado.").await;
    assert_eq!((changed["id"].clone(), changed["version"].clone()), (first["id"].clone(), json!(2)));
    let asked =
        app.post(&owner, "/rag/query", json!({ "query": "A que horas a loja abre?" })).await.expect(200);
    assert!(asked["answer"].as_str().unwrap().contains("10h"), "{asked}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_fails_alone_and_the_version_before_goes_on_answering() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.ingest(&owner, "preco.txt", "O banho custa 60 reais para cães pequenos.").await;
    let broken = app.upload(&owner, "preco.txt", &[0, 159, 146, 150, 0, 1, 2, 3], &[]).await.expect(201);
    let settled = app.settled(&owner, broken["id"].as_str().unwrap()).await;
    assert_eq!(settled["status"], "failed");
    assert!(!settled["processingError"].as_str().unwrap().is_empty());
    let asked = app.post(&owner, "/rag/query", json!({ "query": "Quanto custa o banho?" })).await.expect(200);
    assert!(asked["answer"].as_str().unwrap().contains("60 reais"), "{asked}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_document_is_gone_from_answers_at_once() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let document = app.ingest(&owner, "promo.txt", "A promoção de coleiras vai até sexta-feira.").await;
    let path = format!("/documents/{}", document["id"].as_str().unwrap());
    app.delete(&owner, &path).await.expect(204);
    app.get(&owner, &path).await.expect_problem(404, "not_found");
    let asked =
        app.post(&owner, "/rag/query", json!({ "query": "Até quando vai a promoção de coleiras?" })).await;
    assert_eq!(asked.expect(200)["sources"], json!([]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_break_a_rule_are_refused_and_leave_nothing() {
    let app = TestApp::start_with(|c| c.plan.max_file_mb = 1).await;
    let owner = app.owner().await;
    let send = |name: &'static str, bytes: Vec<u8>, fields: &'static [(&'static str, &'static str)]| {
        let (app, owner) = (&app, &owner);
        async move { app.upload(owner, name, &bytes, fields).await }
    };
    send("a.exe", b"x".to_vec(), &[]).await.expect_problem(415, "unsupported_file_type");
    send("a.txt", Vec::new(), &[]).await.expect_problem(400, "empty_file");
    send("a.txt", vec![b'a'; 1024 * 1024 + 1], &[]).await.expect_problem(413, "file_too_large");
    send("a.txt", b"x".to_vec(), &[("agentId", "nobody")]).await.expect_problem(400, "validation_failed");
    send("a.txt", b"x".to_vec(), &[("metadata", "[1]")]).await.expect_problem(400, "validation_failed");
    send("a.txt", b"x".to_vec(), &[("color", "red")]).await.expect_problem(400, "validation_failed");
    let nobody = "018f0000-0000-7000-8000-000000000000";
    let stranger = app.upload(&owner, "a.txt", b"x", &[("agentId", nobody)]).await;
    stranger.expect_problem(404, "not_found");

    let not_a_form = app.post(&owner, "/documents/upload", json!({})).await;
    not_a_form.expect_problem(415, "unsupported_media_type");
    let (kind, mut body) = form("a.txt", b"hello", &[]);
    body.truncate(body.len() - 12);
    let cut = app.request(Method::POST, "/documents/upload").bearer_auth(&owner.access);
    app.send(cut.header("content-type", kind).body(body)).await.expect_problem(400, "malformed_multipart");

    let listed = app.get(&owner, "/documents").await.expect(200);
    assert_eq!(listed["pagination"], json!({ "page": 1, "limit": 20, "total": 0, "totalPages": 0 }));
    assert_eq!(files_below(&app.data().join("blobs")), 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_name_never_leads_out_of_the_data_directory() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let document = app.upload(&owner, "../../../etc/passwd.txt", b"raiz", &[]).await.expect(201);
    assert_eq!(document["filename"], "passwd.txt");
    app.settled(&owner, document["id"].as_str().unwrap()).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_and_filtered() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    for number in 0..5 {
        app.ingest(&owner, &format!("{number}.txt"), &format!("Documento número {number}.")).await;
    }
    let page = app.get(&owner, "/documents?page=2&limit=2&status=processed").await.expect(200);
    assert_eq!(page["pagination"], json!({ "page": 2, "limit": 2, "total": 5, "totalPages": 3 }));
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
    for wrong in ["page=0", "limit=101", "status=boiling", "colour=red", "page=x", "agentId=7"] {
        let answer = app.get(&owner, &format!("/documents?{wrong}")).await;
        answer.expect_problem(400, "validation_failed");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_limits_how_many_there_are() {
    let app = TestApp::start_with(|c| c.plan.max_documents = 1).await;
    let owner = app.owner().await;
    app.ingest(&owner, "a.txt", "Um documento.").await;
    app.upload(&owner, "b.txt", b"Outro documento.", &[]).await.expect_problem(402, "document_limit_reached");
    app.stop().await;
}

/// How many files there are in a folder and those in it.
pub fn files_below(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(|e| e.unwrap().path()).map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}
