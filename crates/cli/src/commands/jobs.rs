//! `agentctl jobs`

use std::time::Duration;

use agent_core::jobs::Worked;
use agent_core::model::JobId;
use agent_core::store::{JobFilter, JobRecord, JobStatus};
use agent_core::{Config, Engine, Result as CoreResult};
use anstyle::Style;
use anyhow::Result;
use serde_json::json;

use crate::args::JobsCommand;
use crate::audit;
use crate::exit::Exit;
use crate::output::{Printer, shown_of};
use crate::stop;
use crate::table::{Cell, Column};
use crate::terminal::BAD;
use crate::times::local;

/// How long `run` waits for what is due soon: the longest wait of a job that failed.
const PATIENCE: Duration = Duration::from_secs(36);

/// Lists, shows, runs, retries and discards jobs, of every business: whoever has the files is the
/// operator.
pub async fn run(config: Config, command: JobsCommand, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let mut exit = Exit::Success;
    match command {
        JobsCommand::List { status, queue, limit, page } => {
            let filter = JobFilter { status, queue, page, limit: Some(limit), organization: None };
            let (jobs, total) = engine.jobs(filter).await?;
            printer.result(&json!({ "jobs": jobs, "total": total }), |_| list(&jobs, total, printer))?;
        }
        JobsCommand::Show { id } => {
            let id = engine.find_job(&id).await?;
            printer.result(&engine.job(id, None).await?, show)?;
        }
        JobsCommand::Retry { ids } => {
            let mut jobs = Vec::new();
            for id in find(&engine, &ids).await? {
                let job = engine.retry_job(id, None).await?;
                note(&engine, &job, "retry").await;
                jobs.push(job);
            }
            printer.result(&json!({ "retried": jobs }), |_| {
                jobs.iter().map(|j| format!("{} ({}) will run again.\n", j.id, j.queue)).collect()
            })?;
        }
        JobsCommand::Discard { ids } => {
            let mut jobs = Vec::new();
            for id in find(&engine, &ids).await? {
                let job = engine.discard_job(id, None).await?;
                note(&engine, &job, "discard").await;
                jobs.push(job);
            }
            printer.result(&json!({ "discarded": jobs }), |_| {
                jobs.iter().map(|j| format!("Discarded {} ({}).\n", j.id, j.queue)).collect()
            })?;
        }
        JobsCommand::Run { queue } => {
            let queues: Vec<&str> = queue.iter().map(String::as_str).collect();
            let stop = stop::on_ctrl_c(printer);
            let worked = engine.run_jobs_until_idle(&queues, PATIENCE, stop.clone()).await?;
            printer.result(&worked, report)?;
            exit = match worked.dead {
                _ if stop.requested() => Exit::Interrupted,
                0 => Exit::Success,
                _ => Exit::SomeFailed,
            };
        }
    }
    engine.close().await?;
    Ok(exit)
}

/// Notes it with the business whose job it is.
async fn note(engine: &Engine, job: &JobRecord, verb: &str) {
    let whose = job.organization_id.unwrap_or(engine.organization().id);
    match engine.for_organization(whose).await {
        Ok(engine) => {
            let details = json!({ "verb": verb, "queue": job.queue });
            audit::note(&engine, "admin:update", Some(job.id.to_string()), details).await;
        }
        Err(error) => tracing::debug!(%error, "the business is gone: nothing to audit"),
    }
}

/// All of them or none: a typing mistake must not leave half of it done.
async fn find(engine: &Engine, ids: &[String]) -> CoreResult<Vec<JobId>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.push(engine.find_job(id).await?);
    }
    Ok(found)
}

fn list(jobs: &[JobRecord], total: u64, printer: &Printer) -> String {
    if jobs.is_empty() {
        return "No jobs.".to_owned();
    }
    let columns = [
        Column::Id("ID"),
        Column::Cut("QUEUE", 12),
        Column::Whole("STATUS"),
        Column::Whole("TRIES"),
        Column::Wide("DUE"),
        Column::Cut("ERROR", 10),
    ];
    let row = |job: &JobRecord| {
        let style = if job.status == JobStatus::Dead { BAD } else { Style::new() };
        vec![
            job.id.into(),
            job.queue.as_str().into(),
            Cell::styled(job.status.to_string(), style),
            format!("{}/{}", job.attempts, job.max_attempts).into(),
            local(&job.run_at).into(),
            job.last_error.as_deref().unwrap_or_default().into(),
        ]
    };
    printer.table(&columns, jobs.iter().map(row).collect()) + &shown_of(jobs.len(), total)
}

fn show(job: &JobRecord) -> String {
    let or = |value: Option<String>, otherwise: &str| value.unwrap_or_else(|| otherwise.to_owned());
    format!(
        "id: {}\nqueue: {}\nstatus: {}\nattempts: {} of {}\npriority: {}\ndue: {}\nleased until: {}\n\
         organization: {}\npayload: {}\nrecorded: {}\nlast error: {}\n",
        job.id,
        job.queue,
        job.status,
        job.attempts,
        job.max_attempts,
        job.priority,
        local(&job.run_at),
        or(job.leased_until.as_deref().map(local), "(no worker has it)"),
        or(job.organization_id.map(|id| id.to_string()), "(the deployment)"),
        job.payload,
        local(&job.created_at),
        or(job.last_error.clone(), "(none)"),
    )
}

fn report(worked: &Worked) -> String {
    let mut parts = vec![format!("{} done", worked.completed)];
    let further = [
        (worked.failed, "failed and tried again"),
        (worked.dead, "given up: `agentctl jobs list --status dead` shows why"),
        (worked.released, "given back"),
    ];
    parts.extend(further.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    format!("{}.", parts.join(", "))
}
