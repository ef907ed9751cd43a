//! Jobs of a deployment: recording, running, looking at them, trying again, discarding.
//!
//! What each job does is in `handlers/`. Jobs carry the business they run for; verbs that take `whose`
//! show and change only that business's jobs, `None` is the operator of the deployment.

use std::time::Duration;

use super::Engine;
use super::handlers::handlers;
use crate::error::{Error, Result};
use crate::ingest::Stop;
use crate::jobs::payload::SendPayload;
use crate::jobs::{Handlers, Worked, WorkerParts, Workers, queue, recurring};
use crate::model::{DocumentId, JobId, OrganizationId};
use crate::store::{JobFilter, JobRecord, JobStatus, NewJob, QueueDepth};

impl Engine {
    /// Records a job; returns its id, or that of the waiting one with the same dedupe key.
    pub async fn enqueue(&self, job: NewJob) -> Result<JobId> {
        self.parts.store.enqueue(job).await
    }

    /// Starts working the queues in the background. Needs a tokio runtime; stop the workers before the
    /// engine is closed.
    pub fn start_workers(&self) -> Workers {
        Workers::start(self.worker_parts(handlers(self)))
    }

    /// Works `queues` (every queue that has a handler, if none is named) until nothing is due, nor will
    /// be within `patience`. Safe beside other processes that do the same.
    pub async fn run_jobs_until_idle(
        &self,
        queues: &[&str],
        patience: Duration,
        stop: Stop,
    ) -> Result<Worked> {
        let mut chosen = handlers(self);
        if let Some(unknown) = queues.iter().find(|queue| !chosen.contains_key(**queue)) {
            let known: Vec<&str> = chosen.keys().copied().collect();
            return Err(Error::invalid(format!(
                "no jobs of the queue `{unknown}` can be run: {} are accepted",
                known.join(", ")
            )));
        }
        chosen.retain(|queue, _| queues.is_empty() || queues.contains(queue));
        self.worker_parts(chosen).until_idle(patience, stop).await
    }

    fn worker_parts(&self, handlers: Handlers) -> WorkerParts {
        WorkerParts {
            store: self.parts.store.clone(),
            clock: self.parts.clock.clone(),
            settings: (&self.parts.config.jobs).into(),
            handlers,
            recurring: recurring(),
        }
    }

    /// Jobs that pass the filter, newest first, and how many pass it in all. A filter without an
    /// organization is for the operator.
    pub async fn jobs(&self, filter: JobFilter) -> Result<(Vec<JobRecord>, u64)> {
        let (jobs, total) = self.parts.store.jobs(filter).await?;
        Ok((jobs.into_iter().map(|job| self.shown(job)).collect(), total))
    }

    /// Leaves a job that builds the index again after everything else: all of it, or one document in it.
    pub async fn request_reindex(&self, document: Option<DocumentId>) -> Result<JobId> {
        if let Some(id) = document {
            self.document(id).await?;
        }
        self.enqueue(crate::jobs::payload::reindex(self.organization.id, document)).await
    }

    /// A job that is not done yet.
    pub async fn job(&self, id: JobId, whose: Option<OrganizationId>) -> Result<JobRecord> {
        self.found(id, self.parts.store.job(id, whose).await?)
    }

    /// Lets a dead or waiting job run now, with all its attempts before it. `Conflict` while it runs.
    ///
    /// A reply that was given up waits again first, so that the job finds something to send; whether it may
    /// still be sent is decided then.
    pub async fn retry_job(&self, id: JobId, whose: Option<OrganizationId>) -> Result<JobRecord> {
        let store = &self.parts.store;
        let job = self.found(id, store.job(id, whose).await?)?;
        if job.status == JobStatus::Dead
            && job.queue == queue::WHATSAPP_SEND
            && let Ok(SendPayload { reply_id }) = serde_json::from_value(job.payload)
        {
            let parts = store.put_reply_back(reply_id).await?;
            tracing::info!(job = %id, parts, "a reply that was given up waits again");
        }
        self.found(id, self.parts.store.retry_job(id, whose).await?)
    }

    /// Removes a dead or waiting job undone. `Conflict` while it runs.
    pub async fn discard_job(&self, id: JobId, whose: Option<OrganizationId>) -> Result<JobRecord> {
        self.found(id, self.parts.store.discard_job(id, whose).await?)
    }

    /// How many jobs are where, by queue and state; what is empty is left out.
    pub async fn queue_depths(&self) -> Result<Vec<QueueDepth>> {
        self.parts.store.queue_depths().await
    }

    fn found(&self, id: JobId, job: Option<JobRecord>) -> Result<JobRecord> {
        let missing = || Error::not_found(format!("there is no job {id}: it is done, or never was"));
        Ok(self.shown(job.ok_or_else(missing)?))
    }

    fn shown(&self, mut job: JobRecord) -> JobRecord {
        if job.max_attempts == 0 {
            job.max_attempts = self.parts.config.jobs.max_attempts;
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::ManualClock;
    use crate::config::{Config, ConfigSources};
    use crate::error::ErrorKind;
    use crate::ingest::tidy_job;
    use crate::jobs::payload::{MaintenanceTask, maintenance, process_document, reindex};
    use crate::model::DocumentId;

    async fn engine() -> (Engine, Arc<ManualClock>, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let sources = ConfigSources { data_dir: Some(dir.path().to_owned()), ..ConfigSources::default() };
        let clock = Arc::new(ManualClock::at("2026-11-22T12:30:00Z".parse().unwrap()));
        let config = Config::load(&sources).unwrap();
        let (engine, _) = Engine::init_with(config, None, clock.clone()).await.unwrap();
        (engine, clock, dir)
    }

    async fn run(engine: &Engine, queues: &[&str]) -> Result<Worked> {
        engine.run_jobs_until_idle(queues, Duration::ZERO, Stop::default()).await
    }

    #[tokio::test]
    async fn every_queue_has_a_handler_and_no_other_is_worked() {
        let (engine, _, _dir) = engine().await;
        let handled: Vec<&str> = handlers(&engine).into_keys().collect();
        let waiting: Vec<&str> = queue::ALL.into_iter().filter(|q| !handled.contains(q)).collect();
        assert!(waiting.is_empty(), "{waiting:?}");
        assert_eq!(queue::INDEX_TIDY, crate::ingest::TIDY_QUEUE);
        let error = run(&engine, &["stripe.sync"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    #[tokio::test]
    async fn only_the_named_queues_are_worked() {
        let (engine, _, _dir) = engine().await;
        engine.enqueue(tidy_job()).await.unwrap();
        engine.enqueue(maintenance(MaintenanceTask::Cleanup)).await.unwrap();
        assert_eq!(run(&engine, &[queue::MAINTENANCE]).await.unwrap().completed, 1);
        let depths = engine.queue_depths().await.unwrap();
        let depths: Vec<_> = depths.iter().map(|d| (d.queue.as_str(), d.status, d.count)).collect();
        assert_eq!(depths, [(queue::INDEX_TIDY, JobStatus::Available, 1)]);
        assert_eq!(run(&engine, &[]).await.unwrap().completed, 1);
    }

    #[tokio::test]
    async fn a_document_that_is_gone_needs_no_work() {
        let (engine, _, _dir) = engine().await;
        let (own, id) = (engine.organization().id, DocumentId(uuid::Uuid::nil()));
        engine.enqueue(process_document(own, id)).await.unwrap();
        engine.enqueue(reindex(own, Some(id))).await.unwrap();
        assert_eq!(run(&engine, &[]).await.unwrap(), Worked { completed: 2, ..Worked::default() });
    }

    #[tokio::test]
    async fn a_payload_that_makes_no_sense_is_given_up_at_once_and_can_be_discarded() {
        let (engine, _, _dir) = engine().await;
        let id = engine.enqueue(NewJob::new(queue::MAINTENANCE, &"sweep")).await.unwrap();
        assert_eq!(run(&engine, &[]).await.unwrap(), Worked { dead: 1, ..Worked::default() });
        let job = engine.job(id, None).await.unwrap();
        assert_eq!((job.status, job.max_attempts), (JobStatus::Dead, 3));
        assert!(job.last_error.unwrap().contains("caused by"));
        assert_eq!(engine.retry_job(id, None).await.unwrap().status, JobStatus::Available);
        engine.discard_job(id, None).await.unwrap();
        assert_eq!(engine.job(id, None).await.unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn cleaning_up_recurs_without_anybody_asking() {
        let (engine, clock, _dir) = engine().await;
        assert_eq!(run(&engine, &[]).await.unwrap(), Worked::default());
        clock.advance(Duration::from_hours(1));
        assert_eq!(run(&engine, &[]).await.unwrap().completed, 1);
        let schedules = engine.store().schedules().await.unwrap();
        assert_eq!(schedules[0].name, "cleanup");
    }

    #[tokio::test]
    async fn workers_do_what_is_enqueued_while_they_run() {
        let (engine, _, _dir) = engine().await;
        let workers = engine.start_workers();
        assert!(workers.are_working());
        let id = engine.enqueue(tidy_job()).await.unwrap();
        while engine.job(id, None).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert_eq!(workers.stop(Duration::from_mins(1)).await.completed, 1);
    }
}
