//! `agentctl billing`

use agent_core::engine::{StripeEvent, SyncReport};
use agent_core::store::{Receipt, StripeEventFilter, StripeEventRecord};
use agent_core::{Config, Engine, Error};
use anyhow::Result;
use serde_json::json;

use crate::args::{BillingCommand, BillingEventsCommand};
use crate::exit::Exit;
use crate::output::{Printer, shown_of};
use crate::table::Column;
use crate::times::local;

/// Compares with Stripe, and lists, shows and replays its events, of every business: whoever has the files
/// is the operator.
pub async fn run(config: Config, command: BillingCommand, printer: &Printer) -> Result<Exit> {
    let sells = config.stripe.sells();
    let engine = Engine::open(config).await?;
    let mut exit = Exit::Success;
    match command {
        BillingCommand::Sync => {
            if !sells {
                let text = "stripe.secret_key is not set: there is nothing to compare with";
                return Err(Error::config(text).into());
            }
            let report = engine.sync_billing().await?;
            if !report.problems.is_empty() {
                exit = Exit::SomeFailed;
            }
            printer.result(&report, compared)?;
        }
        BillingCommand::Events(command) => events(&engine, command, printer).await?,
    }
    engine.close().await?;
    Ok(exit)
}

async fn events(engine: &Engine, command: BillingEventsCommand, printer: &Printer) -> Result<()> {
    match command {
        BillingEventsCommand::List { outcome, kind, limit, page } => {
            let filter = StripeEventFilter { outcome, kind, organization: None };
            let (events, total) = engine.stripe_events(filter, page, limit).await?;
            printer
                .result(&json!({ "events": events, "total": total }), |_| list(&events, total, printer))?;
        }
        BillingEventsCommand::Show { id } => printer.result(&engine.stripe_event(&id).await?, show)?,
        BillingEventsCommand::Replay { ids } => {
            // A typing mistake must not leave half of it done.
            for id in &ids {
                engine.stripe_event(id).await?;
            }
            let mut replayed = Vec::new();
            for id in ids {
                let outcome = match engine.replay_stripe_event(&id).await? {
                    Receipt::Recorded(outcome) => outcome.as_str(),
                    _ => "duplicate",
                };
                replayed.push(json!({ "id": id, "outcome": outcome }));
            }
            printer.result(&json!({ "replayed": replayed }), |_| {
                let line = |one: &serde_json::Value| {
                    format!(
                        "{}: {}\n",
                        one["id"].as_str().unwrap_or_default(),
                        one["outcome"].as_str().unwrap_or_default()
                    )
                };
                replayed.iter().map(line).collect()
            })?;
        }
    }
    Ok(())
}

fn compared(report: &SyncReport) -> String {
    let done = &report.done;
    let mut out = format!(
        "{} customers compared: {} subscriptions ({} repaired), {} invoices ({} repaired).\n",
        report.customers,
        done.subscriptions,
        done.subscriptions_repaired,
        done.invoices,
        done.invoices_repaired
    );
    for problem in &report.problems {
        out.push_str(&format!(
            "not compared: {} of {}: {}\n",
            problem.customer, problem.organization_id, problem.reason
        ));
    }
    out
}

fn list(events: &[StripeEventRecord], total: u64, printer: &Printer) -> String {
    if events.is_empty() {
        return "No events.".to_owned();
    }
    let columns = [
        Column::Cut("ID", 20),
        Column::Cut("TYPE", 16),
        Column::Whole("RECEIVED"),
        Column::Whole("OUTCOME"),
        Column::Wide("ORGANIZATION"),
    ];
    let row = |event: &StripeEventRecord| {
        vec![
            event.id.as_str().into(),
            event.kind.as_str().into(),
            local(&event.received_at).into(),
            event.outcome.as_str().into(),
            event.organization_id.map(|id| id.to_string()).unwrap_or_default().into(),
        ]
    };
    printer.table(&columns, events.iter().map(row).collect()) + &shown_of(events.len(), total)
}

fn show(event: &StripeEvent) -> String {
    let StripeEvent { record, body } = event;
    let body = serde_json::to_string_pretty(body).unwrap_or_default();
    format!(
        "id: {}\ntype: {}\nhappened: {} (seconds since 1970)\nreceived: {}\noutcome: {}\norganization: {}\n{body}\n",
        record.id,
        record.kind,
        record.created,
        local(&record.received_at),
        record.outcome,
        record.organization_id.map_or_else(|| "(none)".to_owned(), |id| id.to_string()),
    )
}
