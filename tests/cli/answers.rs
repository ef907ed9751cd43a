//! Retrieval and grounding on the fixture questions, with the real model.

use serde_json::{Value, json};

use crate::deployment::{Deployment, fixture, fixtures, questions};

/// Runs a batch and returns its lines, which must be in order.
fn batch(deployment: &Deployment, args: &[&str], questions: &[Value]) -> Vec<Value> {
    let lines: String = questions.iter().map(|q| format!("{q}\n")).collect();
    let mut all = args.to_vec();
    all.extend(["--batch", "-"]);
    let lines = deployment.run_with_input(&all, lines.as_bytes()).expect(0).json_lines();
    let ids = |values: &[Value]| values.iter().map(|v| v["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&lines), ids(questions));
    lines
}

/// Share of questions whose document is among the first `k` hits.
fn recall(mode: &str, k: usize, questions: &[Value]) -> f64 {
    let lines = batch(fixtures(), &["search", "--mode", mode, "--top-k", "5"], questions);
    let right = questions.iter().zip(&lines).filter(|(question, line)| {
        let expected = question["document"].as_str().unwrap();
        line["hits"]
            .as_array()
            .unwrap()
            .iter()
            .take(k)
            .any(|hit| hit["path"].as_str().unwrap().ends_with(expected))
    });
    #[expect(clippy::cast_precision_loss, reason = "a few dozen questions")]
    let share = right.count() as f64 / questions.len() as f64;
    share
}

#[test]
fn fixture_questions_find_their_document_among_five() {
    let all = [questions("pt.jsonl"), questions("en.jsonl")].concat();
    assert!(all.len() >= 40);
    let found = recall("hybrid", 5, &all);
    assert!(found >= 0.95, "recall@5 is {found:.3}");
}

#[test]
fn hybrid_is_not_worse_than_either_side_in_either_language() {
    for language in ["pt.jsonl", "en.jsonl"] {
        let asked = questions(language);
        let [hybrid, vector, text] = ["hybrid", "vector", "text"].map(|mode| recall(mode, 1, &asked));
        assert!(
            hybrid >= vector.max(text),
            "{language}: recall@1 hybrid {hybrid:.3}, vector {vector:.3}, text {text:.3}"
        );
    }
}

#[test]
fn what_the_documents_do_not_tell_is_refused() {
    let asked = questions("unanswerable.jsonl");
    assert_eq!(asked.len(), 10);
    let answers = batch(fixtures(), &["query"], &asked);
    let refused: Vec<&Value> =
        answers.iter().filter(|a| a["sources"].as_array().unwrap().is_empty()).collect();
    assert!(refused.len() >= 9, "only {} of 10 were refused", refused.len());
    for answer in refused {
        assert_eq!((&answer["outcome"], &answer["model"]), (&json!("refused"), &json!("none")));
        assert!(answer["answer"].as_str().unwrap().starts_with("Não encontrei"), "{answer}");
    }
}

#[test]
fn what_the_documents_tell_is_quoted_with_its_source() {
    let all = [questions("pt.jsonl"), questions("en.jsonl")].concat();
    let answers = batch(fixtures(), &["query"], &all);
    let told = |(question, answer): &(&Value, &Value)| {
        let phrase = question["contains"].as_str().unwrap();
        let document = question["document"].as_str().unwrap().rsplit('/').next().unwrap();
        let cited = answer["sources"].as_array().unwrap().iter().any(|s| s["documentName"] == document);
        cited && answer["answer"].as_str().unwrap().contains(phrase)
    };
    let right = all.iter().zip(&answers).filter(told).count();
    let wrong: Vec<_> =
        all.iter().zip(&answers).filter(|pair| !told(pair)).map(|(q, _)| q["id"].clone()).collect();
    assert!(right * 100 >= all.len() * 80, "{right} of {} were answered; not: {wrong:?}", all.len());
}

#[test]
fn the_questions_of_the_demonstration_are_answered_and_refused() {
    let makefile = std::fs::read_to_string(crate::deployment::root().join("Makefile")).unwrap();
    let asked =
        makefile.lines().filter_map(|l| l.strip_prefix("DEMO_QUESTION_")?.split_once(":= ").map(|(_, q)| q));
    let answered: Vec<bool> = asked
        .map(|question| {
            let answer = fixtures().run(&["--json", "query", question]).expect(0).json();
            !answer["sources"].as_array().unwrap().is_empty()
        })
        .collect();
    assert_eq!(answered, [true, true, false]);
}

#[test]
fn an_answer_has_the_documented_shape_and_points_at_retrieved_chunks() {
    let answer =
        fixtures().run(&["--json", "query", "A loja abre de domingo? Que horário?"]).expect(0).json();
    let keys: std::collections::BTreeSet<&str> =
        answer.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        Vec::from_iter(keys),
        ["answer", "fallback", "model", "outcome", "processingTimeMs", "queryId", "sources", "tokensUsed"]
    );
    assert_eq!(answer["outcome"], "answered");
    assert_eq!((&answer["model"], &answer["tokensUsed"]), (&json!("extractive"), &json!(0)));
    let source = &answer["sources"][0];
    let keys: std::collections::BTreeSet<&str> =
        source.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        Vec::from_iter(keys),
        ["chunkId", "chunkIndex", "documentId", "documentName", "excerpt", "pageNumber", "score"]
    );
    let chunks = fixtures()
        .run(&["--json", "documents", "chunks", source["documentId"].as_str().unwrap()])
        .expect(0)
        .json();
    let chunk = chunks["chunks"].as_array().unwrap().iter().find(|c| c["id"] == source["chunkId"]).unwrap();
    assert_eq!(chunk["chunkIndex"], source["chunkIndex"]);
    assert!(chunk["content"].as_str().unwrap().starts_with(source["excerpt"].as_str().unwrap()));
    assert!(source["excerpt"].as_str().unwrap().chars().count() <= 200);
}

#[test]
fn a_pdf_is_cited_with_its_page() {
    for question in questions("pt.jsonl").iter().filter(|q| q["page"].is_number()).take(6) {
        let hits =
            fixtures().run(&["--json", "search", question["question"].as_str().unwrap()]).expect(0).json();
        let phrase = question["contains"].as_str().unwrap();
        let document = question["document"].as_str().unwrap();
        for hit in hits["hits"].as_array().unwrap() {
            if hit["path"].as_str().unwrap().ends_with(document)
                && hit["text"].as_str().unwrap().contains(phrase)
            {
                assert_eq!(hit["pageNumber"], question["page"], "{}", question["id"]);
            }
        }
    }
}

#[test]
fn the_minimum_score_leaves_hits_out() {
    let question = "Qual é o desconto de quem faz a assinatura Ração em Dia?";
    let all = fixtures().run(&["--json", "search", question]).expect(0).json();
    let scores: Vec<f64> =
        all["hits"].as_array().unwrap().iter().map(|h| h["score"].as_f64().unwrap()).collect();
    let least = scores.iter().copied().fold(f64::MAX, f64::min);
    let above = fixtures()
        .run(&["--json", "search", question, "--min-score", &format!("{:.4}", least + 0.0005)])
        .expect(0)
        .json();
    assert!(above["hits"].as_array().unwrap().iter().all(|h| h["score"].as_f64().unwrap() > least));
    let none = fixtures().run(&["--json", "query", question, "--min-score", "1"]).expect(0).json();
    assert_eq!(none["sources"], json!([]));
}

#[test]
fn an_agent_sees_its_own_documents_and_those_of_everybody() {
    let deployment = Deployment::new();
    let shared = deployment.write("shared/horario.md", "# Horário\n\nA padaria Trigo Bom abre às 7h.");
    let own = deployment
        .write("own/segredo.md", "# Receita\n\nO fermento natural da padaria Trigo Bom descansa 18 horas.");
    deployment.ingest(&[&shared]);
    deployment.run(&["agents", "create", "Padeiro"]).expect(0);
    deployment.run(&["ingest", own.to_str().unwrap(), "--agent", "Padeiro"]).expect(0);
    let asked = "quanto tempo descansa o fermento natural?";
    assert!(!deployment.found(asked).contains(&"segredo.md".to_owned()), "not for the default agent");
    let hits = deployment.run(&["--json", "search", asked, "--agent", "Padeiro"]).expect(0).json();
    let names: Vec<&str> =
        hits["hits"].as_array().unwrap().iter().map(|h| h["documentName"].as_str().unwrap()).collect();
    assert_eq!(names[0], "segredo.md");
    assert!(names.contains(&"horario.md"));

    // Nobody named is the default agent, which has documents of its own as well.
    let mine =
        deployment.write("mine/balcao.md", "# Balcão\n\nA senha do cofre do balcão fica com a gerente.");
    deployment.run(&["ingest", mine.to_str().unwrap(), "--agent", "Atendente"]).expect(0);
    let asked = "com quem fica a senha do cofre?";
    assert_eq!(deployment.found(asked)[0], "balcao.md");
    let answer = deployment.run(&["--json", "query", asked]).expect(0).json();
    assert_eq!(answer["sources"][0]["documentName"], "balcao.md", "{answer}");
    let hits = deployment.run(&["--json", "search", asked, "--agent", "Padeiro"]).expect(0).json();
    assert!(!hits["hits"].to_string().contains("balcao.md"), "{hits}");
}

#[test]
fn every_question_is_kept() {
    let deployment = Deployment::new();
    deployment.ingest(&[&fixture("documents/atendimento/perguntas-frequentes.md")]);
    deployment.run(&["query", "qual a capital da Austrália?"]).expect(0);
    deployment.run(&["query", "voces aceitam pix?"]).expect(0);
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!(status["queries"], 2);
    assert!(status["refusedQueries"].as_u64().unwrap() >= 1);
}

/// A data directory from before chunks kept their terms: nothing has to be done about it.
#[test]
fn chunks_from_before_their_terms_were_kept_answer_as_all_others() {
    let mut deployment = Deployment::new();
    deployment.env.push(("AGENTCTL_ANSWER__CACHE_SECONDS".to_owned(), "0".to_owned()));
    deployment.ingest(&[&fixture("documents/atendimento")]);
    let asked = [questions("pt.jsonl"), questions("unanswerable.jsonl")].concat();
    let told = || -> Vec<Value> {
        batch(&deployment, &["query"], &asked).iter().map(|a| json!([a["answer"], a["sources"]])).collect()
    };
    let before = told();
    let answered = before.iter().filter(|a| !a[1].as_array().unwrap().is_empty()).count();
    assert!(answered > 5 && answered < asked.len(), "{answered} of {} are answered", asked.len());
    let database = rusqlite::Connection::open(deployment.data_dir().join("agent.sqlite3")).unwrap();
    let forgotten =
        database.execute("UPDATE document_chunks SET terms = NULL WHERE terms IS NOT NULL", []).unwrap();
    assert!(forgotten > 0);
    assert_eq!(told(), before);
}
