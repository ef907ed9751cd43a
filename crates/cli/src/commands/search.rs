//! `agentctl search`

use agent_core::model::Hit;
use agent_core::{Ask, Config, Engine};
use anyhow::Result;
use serde::Serialize;

use super::agent_id;
use crate::args::SearchArgs;
use crate::batch;
use crate::exit::Exit;
use crate::output::{Printer, shorten};

/// What was found for one question.
#[derive(Serialize)]
struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<serde_json::Value>,
    hits: Vec<FoundHit>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundHit {
    document_name: String,
    path: String,
    page_number: u32,
    chunk_index: u32,
    /// Cosine similarity to the question.
    score: f32,
    text: String,
    document_id: String,
    chunk_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    heading: Option<String>,
    /// BM25 score of the words; 0 if only the vector found it.
    text_score: f32,
    /// Share of the question's words, rare ones weighing more, that the passage has.
    coverage: f32,
    /// What the hits are ordered by; comparable within one list.
    rank_score: f32,
}

impl From<Hit> for FoundHit {
    fn from(hit: Hit) -> Self {
        Self {
            document_name: hit.filename,
            path: hit.path,
            page_number: hit.page_number,
            chunk_index: hit.chunk_index,
            score: hit.cosine,
            text: hit.content,
            document_id: hit.document_id.to_string(),
            chunk_id: hit.chunk_id.to_string(),
            heading: hit.heading,
            text_score: hit.bm25,
            coverage: hit.coverage,
            rank_score: hit.rank_score,
        }
    }
}

/// Finds passages for one question, or for a batch with the model loaded once.
pub async fn run(config: Config, args: SearchArgs, printer: &Printer) -> Result<Exit> {
    let questions = args.batch.as_deref().map(batch::read).transpose()?;
    let engine = Engine::open(config).await?;
    let ask = Ask {
        question: args.question.unwrap_or_default(),
        agent_id: agent_id(&engine, args.agent.as_deref()).await?,
        top_k: args.top_k,
        min_score: args.min_score,
        mode: args.mode,
        ..Ask::default()
    };
    if let (Some(questions), Some(file)) = (questions, args.batch.as_deref()) {
        batch::check(&engine, file, &questions, &ask)?;
        for question in questions {
            let ask = Ask { question: question.question, ..ask.clone() };
            let hits = engine.search(&ask).await?.into_iter().map(FoundHit::from).collect();
            printer.json_line(&Found { id: Some(question.id), hits })?;
        }
    } else {
        let hits = engine.search(&ask).await?.into_iter().map(FoundHit::from).collect();
        printer.result(&Found { id: None, hits }, text)?;
    }
    engine.close().await?;
    Ok(Exit::Success)
}

fn text(found: &Found) -> String {
    if found.hits.is_empty() {
        return "Nothing found.".to_owned();
    }
    let mut out = String::new();
    for (number, hit) in found.hits.iter().enumerate() {
        out.push_str(&format!(
            "{}. {}, page {} (score {:.2})\n",
            number + 1,
            hit.document_name,
            hit.page_number,
            hit.score
        ));
        if let Some(heading) = &hit.heading {
            out.push_str(&format!("   {}\n", shorten(heading, 74)));
        }
        out.push_str(&format!("   {}\n", shorten(&hit.text, 220)));
    }
    out
}
