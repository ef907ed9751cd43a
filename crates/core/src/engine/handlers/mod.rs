//! What the jobs of each queue do: one file a job, each a verb of the engine.
//!
//! A handler reads its payload, turns to the business the job is for, and calls the verb. Leases, retries
//! and counting are the workers' business (`jobs/`).

mod document_process;
mod index_tidy;
mod maintenance;
mod rag_reindex;
mod whatsapp_alert;
mod whatsapp_opening;
mod whatsapp_process_message;
mod whatsapp_send;

use std::sync::Arc;

use super::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{DocumentReport, Outcome};
use crate::jobs::{Handler, Handlers, JobFailure, queue};
use crate::store::{LeasedJob, attempts_of};

/// What handlers share.
struct Shared {
    engine: Engine,
}

impl Shared {
    /// The deployment on behalf of the job's business.
    async fn engine_for(&self, job: &LeasedJob) -> Result<Engine> {
        match job.organization_id {
            Some(id) => self.engine.for_organization(id).await,
            None => Ok(self.engine.clone()),
        }
    }
}

/// Who does the jobs of which queue.
pub(super) fn handlers(engine: &Engine) -> Handlers {
    let shared = Arc::new(Shared { engine: engine.clone() });
    Handlers::from([
        (
            queue::DOCUMENT_PROCESS,
            Arc::new(document_process::DocumentProcess(Arc::clone(&shared))) as Arc<dyn Handler>,
        ),
        (queue::RAG_REINDEX, Arc::new(rag_reindex::RagReindex(Arc::clone(&shared)))),
        (
            queue::WHATSAPP_PROCESS_MESSAGE,
            Arc::new(whatsapp_process_message::WhatsappProcessMessage(Arc::clone(&shared))),
        ),
        (queue::WHATSAPP_SEND, Arc::new(whatsapp_send::WhatsappSend(Arc::clone(&shared)))),
        (queue::WHATSAPP_ALERT, Arc::new(whatsapp_alert::WhatsappAlert(Arc::clone(&shared)))),
        (queue::WHATSAPP_OPENING, Arc::new(whatsapp_opening::WhatsappOpening(Arc::clone(&shared)))),
        (queue::INDEX_TIDY, Arc::new(index_tidy::IndexTidy(Arc::clone(&shared)))),
        (queue::MAINTENANCE, Arc::new(maintenance::Maintenance(shared))),
    ])
}

/// Whether a job is not run again if it fails now.
fn is_last_try(engine: &Engine, job: &LeasedJob) -> bool {
    job.lease.attempt >= attempts_of(job, engine.config().jobs.max_attempts)
}

/// What the report on a document means for its job. A document that cannot be read is done: its state
/// says so. One that this machine could not read just now is tried again; one that was deleted meanwhile
/// needs nothing.
fn judge(report: Result<DocumentReport>) -> Result<(), JobFailure> {
    match report {
        Ok(report) if report.status == Outcome::Failed && report.retryable => {
            let reason = report.error.unwrap_or_else(|| "the document cannot be read".to_owned());
            Err(Error::unavailable(reason).into())
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            tracing::info!("the document is gone: nothing to do");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
