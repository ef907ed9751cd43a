//! `agentctl documents`

use agent_core::ingest::Outcome;
use agent_core::model::{Chunk, Document, DocumentId};
use agent_core::store::DocumentFilter;
use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use super::agent_id;
use crate::args::DocumentsCommand;
use crate::exit::Exit;
use crate::output::{Printer, name, shorten, table};
use crate::progress::{Lines, Progress};
use crate::{audit, stop};

/// Lists, shows, deletes and reprocesses documents.
pub async fn run(config: Config, command: DocumentsCommand, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let exit = match command {
        DocumentsCommand::List { agent, limit, offset } => {
            let agent_id = agent_id(&engine, agent.as_deref()).await?;
            let filter = DocumentFilter { agent_id, limit, offset, ..DocumentFilter::default() };
            let (documents, total) = engine.documents(filter).await?;
            printer
                .result(&json!({ "documents": documents, "total": total }), |_| list(&documents, total))?;
            Exit::Success
        }
        DocumentsCommand::Show { id } => {
            printer.result(&engine.document(id.parse()?).await?, show)?;
            Exit::Success
        }
        DocumentsCommand::Chunks { id } => {
            let chunks = engine.chunks(id.parse()?).await?;
            printer.result(&json!({ "chunks": chunks }), |_| chunks.iter().map(chunk).collect())?;
            Exit::Success
        }
        DocumentsCommand::Delete { ids } => {
            let ids = ids.iter().map(|id| id.parse()).collect::<Result<Vec<DocumentId>, _>>()?;
            // All of them or none: whoever mistyped one id has lost nothing.
            for id in &ids {
                engine.document(*id).await?;
            }
            let mut deleted = Vec::new();
            let mut failed = None;
            for id in ids {
                match engine.delete_document(id).await {
                    Ok(document) => {
                        audit::note(&engine, "documents:delete", Some(id.to_string()), json!({})).await;
                        deleted.push(document);
                    }
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            if !deleted.is_empty() {
                engine.tidy(stop::on_ctrl_c(printer)).await?;
            }
            if let Some(error) = failed {
                return Err(error.into());
            }
            printer.result(&json!({ "deleted": deleted }), |_| {
                deleted.iter().map(|d| format!("Deleted {} ({}).\n", name(&d.filename), d.id)).collect()
            })?;
            Exit::Success
        }
        DocumentsCommand::Reprocess { id } => reprocess(&engine, &id, printer).await?,
    };
    engine.close().await?;
    Ok(exit)
}

/// Also what `reindex --document` does.
pub async fn reprocess(engine: &Engine, id: &str, printer: &Printer) -> Result<Exit> {
    let progress = Progress::begin(printer, Lines::none());
    let outcome = engine.reprocess(id.parse()?, progress.on_event(), stop::on_ctrl_c(printer)).await;
    progress.end();
    let report = outcome?;
    audit::note(engine, "documents:update", Some(id.to_owned()), json!({})).await;
    printer.result(&report, |report| match &report.error {
        Some(reason) => format!("failed: {}: {reason}", name(&report.path)),
        None => format!("Reprocessed {}: {} chunks.", name(&report.path), report.chunks),
    })?;
    Ok(if report.status == Outcome::Failed { Exit::SomeFailed } else { Exit::Success })
}

fn list(documents: &[Document], total: u64) -> String {
    if documents.is_empty() {
        return "No documents.".to_owned();
    }
    let mut rows = vec![["ID", "NAME", "TYPE", "PAGES", "CHUNKS", "VERSION"].map(str::to_owned).to_vec()];
    rows.extend(documents.iter().map(|d| {
        vec![
            d.id.to_string(),
            shorten(&name(&d.filename), 40),
            d.file_type.to_string(),
            d.page_count.to_string(),
            d.chunk_count.to_string(),
            d.version.to_string(),
        ]
    }));
    let shown = documents.len() as u64;
    let more = if shown < total { format!("{shown} of {total}\n") } else { String::new() };
    table(&rows) + &more
}

fn show(document: &Document) -> String {
    let mut out = format!(
        "id: {}\nname: {}\npath: {}\ntype: {}\nsize: {} bytes\nversion: {}\npages: {}\nchunks: {}\nprocessed: {}\n",
        document.id,
        name(&document.filename),
        name(&document.place()),
        document.file_type,
        document.file_size,
        document.version,
        document.page_count,
        document.chunk_count,
        document.processed_at.as_deref().unwrap_or("never"),
    );
    for (key, value) in &document.metadata {
        out.push_str(&format!("{key}: {value}\n"));
    }
    out
}

fn chunk(chunk: &Chunk) -> String {
    let heading = chunk.heading.as_ref().map(|h| format!("  {h}")).unwrap_or_default();
    format!(
        "--- {} · page {} · characters {}-{} · {} tokens{heading}\n{}\n\n",
        chunk.chunk_index,
        chunk.page_number,
        chunk.char_start,
        chunk.char_end,
        chunk.token_count,
        chunk.content
    )
}
