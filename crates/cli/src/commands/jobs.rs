//! `agentctl jobs`

use std::time::Duration;

use agent_core::jobs::Worked;
use agent_core::model::JobId;
use agent_core::store::{JobFilter, JobRecord};
use agent_core::{Config, Engine, Result as CoreResult};
use anyhow::Result;
use serde_json::json;

use crate::args::JobsCommand;
use crate::audit;
use crate::exit::Exit;
use crate::output::{Printer, shorten, table};
use crate::stop;

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
            printer.result(&json!({ "jobs": jobs, "total": total }), |_| list(&jobs, total))?;
        }
        JobsCommand::Show { id } => printer.result(&engine.job(id.parse()?, None).await?, show)?,
        JobsCommand::Retry { ids } => {
            let mut jobs = Vec::new();
            for id in parse(&ids)? {
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
            for id in parse(&ids)? {
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
fn parse(ids: &[String]) -> CoreResult<Vec<JobId>> {
    ids.iter().map(|id| id.parse()).collect()
}

fn list(jobs: &[JobRecord], total: u64) -> String {
    if jobs.is_empty() {
        return "No jobs.".to_owned();
    }
    let mut rows = vec![["ID", "QUEUE", "STATUS", "ATTEMPTS", "DUE", "ERROR"].map(str::to_owned).to_vec()];
    rows.extend(jobs.iter().map(|job| {
        vec![
            job.id.to_string(),
            job.queue.clone(),
            job.status.to_string(),
            format!("{}/{}", job.attempts, job.max_attempts),
            job.run_at.clone(),
            shorten(job.last_error.as_deref().unwrap_or_default(), 40),
        ]
    }));
    let shown = jobs.len() as u64;
    let more = if shown < total { format!("{shown} of {total}\n") } else { String::new() };
    table(&rows) + &more
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
        job.run_at,
        or(job.leased_until.clone(), "(no worker has it)"),
        or(job.organization_id.map(|id| id.to_string()), "(the deployment)"),
        job.payload,
        job.created_at,
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
