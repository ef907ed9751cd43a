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
use crate::output::{Printer, count, name, shown_of};
use crate::progress::{Lines, Progress};
use crate::table::Column;
use crate::times::local;
use crate::{audit, stop};

/// Lists, shows, deletes and reprocesses documents.
pub async fn run(config: Config, command: DocumentsCommand, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let exit = match command {
        DocumentsCommand::List { agent, limit, offset } => {
            let agent_id = agent_id(&engine, agent.as_deref()).await?;
            let filter = DocumentFilter { agent_id, limit, offset, ..DocumentFilter::default() };
            let (documents, total) = engine.documents(filter).await?;
            printer.result(&json!({ "documents": documents, "total": total }), |_| {
                list(&documents, total, printer)
            })?;
            Exit::Success
        }
        DocumentsCommand::Show { id } => {
            printer.result(&engine.document(engine.find_document(&id).await?).await?, show)?;
            Exit::Success
        }
        DocumentsCommand::Chunks { id } => {
            let chunks = engine.chunks(engine.find_document(&id).await?).await?;
            printer.result(&json!({ "chunks": chunks }), |_| chunks.iter().map(chunk).collect())?;
            Exit::Success
        }
        DocumentsCommand::Delete { ids } => {
            // All of them or none: whoever mistyped one has lost nothing.
            let mut found: Vec<DocumentId> = Vec::new();
            for id in &ids {
                let id = engine.find_document(id).await?;
                engine.document(id).await?;
                if !found.contains(&id) {
                    found.push(id);
                }
            }
            let mut deleted = Vec::new();
            let mut failed = None;
            for id in found {
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
    let id = engine.find_document(id).await?;
    let outcome = engine.reprocess(id, progress.on_event(), stop::on_ctrl_c(printer)).await;
    progress.end();
    let report = outcome?;
    audit::note(engine, "documents:update", Some(id.to_string()), json!({})).await;
    printer.result(&report, |report| match &report.error {
        Some(reason) => format!("failed: {}: {reason}", name(&report.path)),
        None => format!("Reprocessed {}: {}.", name(&report.path), count(report.chunks, "chunk")),
    })?;
    Ok(if report.status == Outcome::Failed { Exit::SomeFailed } else { Exit::Success })
}

fn list(documents: &[Document], total: u64, printer: &Printer) -> String {
    if documents.is_empty() {
        return "No documents.".to_owned();
    }
    let columns = [
        Column::Id("ID"),
        Column::Cut("NAME", 16),
        Column::Wide("PATH"),
        Column::Whole("TYPE"),
        Column::Number("PAGES"),
        Column::Number("CHUNKS"),
        Column::Number("VERSION"),
        Column::Wide("PROCESSED"),
    ];
    let row = |d: &Document| {
        vec![
            d.id.into(),
            d.filename.as_str().into(),
            d.path.as_str().into(),
            d.file_type.into(),
            d.page_count.into(),
            d.chunk_count.into(),
            d.version.into(),
            d.processed_at.as_deref().map(local).unwrap_or_default().into(),
        ]
    };
    printer.table(&columns, documents.iter().map(row).collect()) + &shown_of(documents.len(), total)
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
        document.processed_at.as_deref().map_or_else(|| "never".to_owned(), local),
    );
    for (key, value) in &document.metadata {
        out.push_str(&format!("{key}: {value}\n"));
    }
    for note in &document.notes {
        out.push_str(&format!("note: {note}\n"));
    }
    out
}

fn chunk(chunk: &Chunk) -> String {
    let heading = chunk.heading.as_ref().map(|h| format!("  {h}")).unwrap_or_default();
    format!(
        "--- {} · page {} · characters {}-{} · {}{heading}\n{}\n\n",
        chunk.chunk_index,
        chunk.page_number,
        chunk.char_start,
        chunk.char_end,
        count(chunk.token_count, "token"),
        chunk.content
    )
}
