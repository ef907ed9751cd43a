//! `agentctl questions`

use agent_core::model::Outcome;
use agent_core::store::{QueryFilter, QueryRecord};
use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use super::agent_id;
use crate::args::QuestionsCommand as Command;
use crate::exit::Exit;
use crate::output::{Printer, plain, shown_of};
use crate::table::{Cell, Column};
use crate::terminal::{ASIDE, HEADING, Terminal, WARNING};
use crate::times::local;

/// Lists questions and shows one.
pub async fn run(config: Config, command: Command, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    match command {
        Command::List { refused, answered, channel, agent, since, search, limit, page } => {
            let filter = QueryFilter {
                refused: if refused { Some(true) } else { answered.then_some(false) },
                channel,
                agent: agent_id(&engine, agent.as_deref()).await?,
                since: since
                    .map(|since| since.moment(engine.clock().now()).map(agent_core::clock::format_timestamp))
                    .transpose()?,
                containing: search,
            };
            let (records, total) = engine.query_records(filter, page, limit).await?;
            printer.result(&json!({ "questions": records, "total": total }), |_| {
                list(&records, total, printer)
            })?;
        }
        Command::Show { id } => {
            let id = engine.find_query(&id).await?;
            printer.result(&engine.query_record(id).await?, |record| show(record, printer.terminal()))?;
        }
    }
    engine.close().await?;
    Ok(Exit::Success)
}

fn list(records: &[QueryRecord], total: u64, printer: &Printer) -> String {
    if records.is_empty() {
        return "No questions.".to_owned();
    }
    let columns = [
        Column::Id("ID"),
        Column::Whole("ASKED"),
        Column::Whole("VIA"),
        Column::Whole("OUTCOME"),
        Column::Cut("QUESTION", 16),
        Column::Wide("MODEL"),
        Column::Wide("MS"),
    ];
    let row = |record: &QueryRecord| {
        let outcome = record.answer.outcome.as_str();
        let outcome = if record.answer.outcome == Outcome::Refused {
            Cell::styled(outcome, WARNING)
        } else {
            outcome.into()
        };
        vec![
            record.answer.query_id.into(),
            local(&record.created_at).into(),
            record.channel.as_str().into(),
            outcome,
            record.question.as_str().into(),
            record.answer.model.as_str().into(),
            record.answer.processing_time_ms.into(),
        ]
    };
    printer.table(&columns, records.iter().map(row).collect()) + &shown_of(records.len(), total)
}

fn show(record: &QueryRecord, terminal: Terminal) -> String {
    let answer = &record.answer;
    let who = match (record.conversation_id, record.user_id) {
        (Some(id), _) => format!("conversation {id}"),
        (None, Some(id)) => format!("user {id}"),
        (None, None) => "nobody who is known".to_owned(),
    };
    let outcome = answer.outcome.as_str();
    let mut out = format!(
        "id: {}\nasked: {} via {}\nby: {who}\noutcome: {}\nmodel: {}{}\ntime: {} ms\ntokens: {} + {}, {:.4} USD\n",
        answer.query_id,
        local(&record.created_at),
        record.channel.as_str(),
        if record.answer.outcome == Outcome::Refused {
            terminal.paint(WARNING, outcome)
        } else {
            outcome.to_owned()
        },
        answer.model,
        if record.cached { " (from the cache)" } else { "" },
        answer.processing_time_ms,
        record.prompt_tokens,
        record.completion_tokens,
        usd(record.cost_micros),
    );
    for (title, text) in [("Question", &record.question), ("Answer", &answer.answer)] {
        out.push_str(&format!(
            "\n{}\n{}",
            terminal.paint(HEADING, title),
            terminal.wrap(plain(text).trim(), "")
        ));
    }
    if !answer.sources.is_empty() {
        out.push_str(&format!("\n{}\n", terminal.paint(HEADING, "Sources")));
    }
    for source in &answer.sources {
        let score = terminal.paint(ASIDE, &format!("(score {:.2})", source.score));
        out.push_str(&format!("{}, page {} {score}\n", plain(&source.document_name), source.page_number));
        out.push_str(&terminal.wrap(plain(&source.excerpt).trim(), "    "));
    }
    out
}

/// Millionths of a dollar as dollars.
#[expect(clippy::cast_precision_loss, reason = "an amount for people")]
pub fn usd(micros: u64) -> f64 {
    micros as f64 / 1e6
}
