//! Running the place: numbers, rebuilding the index, jobs, the audit log.

pub mod audit_log;
pub mod dashboard;
pub mod discard_job;
pub mod list_jobs;
pub mod reindex_all;
pub mod reindex_document;
pub mod retry_job;
pub mod show_job;

use agent_core::model::{AuditRecord, JobId};
use agent_core::store::{JobRecord, JobStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A line of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditBody {
    /// Its id.
    id: Uuid,
    /// `user`, `api_key`, `cli` or `system`.
    actor_type: String,
    /// Id of the person or key; for `cli`, the operating system's name of whoever ran the command.
    actor_id: Option<String>,
    /// What was done.
    #[schema(example = "documents:delete")]
    action: String,
    /// Kind of thing it was done to.
    resource: String,
    /// Which one.
    resource_id: Option<String>,
    /// More about it.
    #[schema(value_type = Object)]
    details: serde_json::Value,
    /// The request it came with.
    request_id: Option<String>,
    /// The client's address.
    address: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<AuditRecord> for AuditBody {
    fn from(record: AuditRecord) -> Self {
        Self {
            id: record.id,
            actor_type: record.actor_type,
            actor_id: record.actor_id,
            action: record.action,
            resource: record.resource,
            resource_id: record.resource_id,
            details: record.details,
            request_id: record.request_id,
            address: record.address,
            created_at: record.created_at,
        }
    }
}

/// Where a job is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatusBody {
    /// Waiting for a worker, or for its time.
    Pending,
    /// A worker has it.
    Running,
    /// Given up: a dead letter.
    Dead,
}

impl From<JobStatus> for JobStatusBody {
    fn from(status: JobStatus) -> Self {
        match status {
            JobStatus::Available => Self::Pending,
            JobStatus::Running => Self::Running,
            JobStatus::Dead => Self::Dead,
        }
    }
}

impl From<JobStatusBody> for JobStatus {
    fn from(status: JobStatusBody) -> Self {
        match status {
            JobStatusBody::Pending => Self::Available,
            JobStatusBody::Running => Self::Running,
            JobStatusBody::Dead => Self::Dead,
        }
    }
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobBody {
    /// Its id.
    id: Uuid,
    /// Its queue.
    #[serde(rename = "type")]
    #[schema(example = "document.process")]
    queue: String,
    /// Where it is.
    status: JobStatusBody,
    /// Higher goes first.
    priority: i32,
    /// Runs so far.
    attempts: u32,
    /// Runs before it is given up.
    max_attempts: u32,
    /// What went wrong last.
    last_error: Option<String>,
    /// RFC 3339, UTC; when it may run.
    #[schema(format = DateTime)]
    run_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<JobRecord> for JobBody {
    fn from(job: JobRecord) -> Self {
        Self {
            id: job.id.0,
            queue: job.queue,
            status: job.status.into(),
            priority: job.priority,
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            last_error: job.last_error,
            run_at: job.run_at,
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }
}

/// A job that will do it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnqueuedBody {
    /// Its id.
    job_id: Uuid,
}

impl From<JobId> for EnqueuedBody {
    fn from(job: JobId) -> Self {
        Self { job_id: job.0 }
    }
}
