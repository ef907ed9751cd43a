//! `agentctl status`

use agent_core::engine::Status;
use agent_core::{Config, Engine};
use anyhow::Result;

use crate::exit::Exit;
use crate::output::Printer;

/// Shows what the data directory holds; problems make the exit code.
pub async fn run(config: Config, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let status = engine.status().await?;
    engine.close().await?;
    printer.result(&status, text)?;
    Ok(if status.problems.is_empty() { Exit::Success } else { Exit::Invalid })
}

fn text(status: &Status) -> String {
    let index = match (&status.generation, &status.index) {
        (Some(generation), Some(table)) => format!(
            "{} rows, {} files, {} not optimised, language {}{}",
            table.rows,
            table.fragments,
            table.unindexed_rows,
            generation.language,
            if table.vector_index { ", vector index" } else { "" }
        ),
        (None, _) => "none yet".to_owned(),
        (Some(_), None) => "not usable".to_owned(),
    };
    let mut out = format!(
        "agentctl {}\ndata:       {}\nbusiness:   {}\nagents:     {}\ndocuments:  {}\nchunks:     {}\nindex:      {index}\n\
         embedding:  {}\nanswers:    {}\nquestions:  {} ({} refused)\n",
        status.version,
        status.data_dir,
        status.organization,
        status.agents,
        status.documents,
        status.chunks,
        status.embedding_model,
        status.answer_model,
        status.queries,
        status.refused_queries,
    );
    for problem in &status.problems {
        out.push_str(&format!("problem:    {problem}\n"));
    }
    out
}
