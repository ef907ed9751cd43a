//! `agentctl audit`

use agent_core::model::AuditRecord;
use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use crate::exit::Exit;
use crate::output::{Printer, shown_of};
use crate::table::Column;
use crate::times::local;

/// Shows a page of the audit log.
pub async fn run(config: Config, page: u64, limit: u64, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let (entries, total) = engine.audit_log(page, limit).await?;
    engine.close().await?;
    printer.result(&json!({ "entries": entries, "total": total }), |_| list(&entries, total, printer))?;
    Ok(Exit::Success)
}

fn list(entries: &[AuditRecord], total: u64, printer: &Printer) -> String {
    if entries.is_empty() {
        return "Nothing was done yet.".to_owned();
    }
    let columns = [
        Column::Whole("TIME"),
        Column::Cut("WHO", 8),
        Column::Cut("ACTION", 12),
        Column::Cut("WHAT", 8),
        Column::Cut("DETAILS", 8),
        Column::Wide("ADDRESS"),
    ];
    let row = |entry: &AuditRecord| {
        let who = match &entry.actor_id {
            Some(id) => format!("{} {id}", entry.actor_type),
            None => entry.actor_type.clone(),
        };
        let details = match &entry.details {
            serde_json::Value::Object(details) if details.is_empty() => String::new(),
            details => details.to_string(),
        };
        vec![
            local(&entry.created_at).into(),
            who.into(),
            entry.action.as_str().into(),
            entry.resource_id.as_deref().unwrap_or_default().into(),
            details.into(),
            entry.address.as_deref().unwrap_or_default().into(),
        ]
    };
    printer.table(&columns, entries.iter().map(row).collect()) + &shown_of(entries.len(), total)
}
