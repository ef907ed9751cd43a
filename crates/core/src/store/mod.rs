//! All SQL. Callers are async and never see rusqlite; a PostgreSQL store may come behind the same
//! functions.
//!
//! One writer thread takes closures, runs each in a savepoint and commits many at once
//! (`writer.rs`); readers come from a small pool (`readers.rs`); `checkpoint.rs` keeps the log short. One
//! file per table.
//! To add a table: a migration `V<n>__….sql` (never edit a merged one), a file here, `impl Store`.

mod agents;
mod alerts;
mod amending;
mod answer_cache;
mod api_keys;
mod audit;
mod billing_inbox;
mod billing_links;
mod billing_operations;
mod channel_checks;
mod channels;
mod checkpoint;
mod chunks;
mod claims;
mod contact_lists;
mod contacts;
mod conversation_lists;
mod conversation_merge;
mod conversations;
mod delivery;
mod documents;
mod echoes;
mod erasure;
mod expired;
mod exports;
mod feedback;
mod forgetting;
mod generations;
mod inbox;
mod invitations;
mod invoices;
mod job_admin;
mod job_leases;
mod jobs;
mod lane;
mod lookup;
mod members;
mod messages;
mod notes;
mod organizations;
mod permissions;
mod queries;
mod query_lists;
mod readers;
mod reconciliation;
mod refresh_tokens;
mod registration;
mod relays;
mod replies;
mod retention;
mod rows;
mod schedules;
mod schema;
mod sending;
mod sent;
mod signing_keys;
mod stripe_events;
mod subscriptions;
mod templates;
mod unanswered;
mod uploads;
mod usage;
mod users;
mod versions;
mod webhooks;
mod writer;

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tracing::Instrument;

use crate::clock::SharedClock;
use crate::error::{Error, ErrorKind, Result};

pub use alerts::{AlertEnd, NewAlert};
pub use answer_cache::{CachedAnswer, Met, NewCachedAnswer, Wanted};
pub use api_keys::{KeyRecord, UsableKey};
pub use billing_inbox::{Answer, Outcome, Receipt, StripeDelivery};
pub use billing_operations::Operation;
pub use channels::ChannelTrouble;
pub use chunks::{ChunkRow, FoundChunk};
pub use claims::Claim;
pub use conversation_lists::{ConversationFilter, Numbers};
pub use documents::{DocumentFilter, DocumentOrder, FileName, KnownFile};
pub use echoes::AutomaticTexts;
pub use erasure::{CONVERSATION_BUSY, Erased, Traces};
pub use expired::Swept;
pub use generations::Generation;
pub use inbox::{InboxRules, NumberOwner, Received, Webhook};
pub use job_admin::{JobFilter, JobRecord, JobStatus, QueueDepth};
pub(crate) use job_leases::attempts_of;
pub use job_leases::{Lease, LeasedJob, Settlement, Turn, Turned};
pub use jobs::{Job, NewJob};
pub use lane::{LaneState, Pending};
pub use lookup::Kind as LookupKind;
pub use organizations::{Organization, OrganizationRecord};
pub use queries::QueryRecord;
pub use query_lists::QueryFilter;
pub use reconciliation::Reconciled;
pub use refresh_tokens::{Entered, NewToken, Rotation};
pub use registration::{Joining, NewAccount};
pub use relays::Noted;
pub use replies::{DEALT_WITH, Overdue, Part, Reply, Seen, Turnout};
pub use retention::{Expired, Purged};
pub use schedules::{Schedule, ScheduleRecord};
pub use sending::{Next, Outgoing, Patience, WINDOW, WINDOW_CLOSED};
pub use sent::SendOutcome;
pub use signing_keys::SigningKey;
pub use stripe_events::{StripeEventFilter, StripeEventRecord};
pub use templates::TemplateRecord;
pub use uploads::NewUpload;
pub use usage::MonthOfUse;
pub use users::{Credentials, UserChange};
pub use versions::{Committed, NewVersion, Origin};
pub use webhooks::KeptWebhook;

/// Code of the error when another process holds the database: worth another try.
pub const DATABASE_BUSY: &str = "database_busy";

/// The database of a deployment. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: writer::Writer,
    readers: readers::Readers,
    clock: SharedClock,
    /// Told of commits that made jobs available.
    wake: Arc<tokio::sync::watch::Sender<()>>,
}

impl Store {
    /// Opens the database, making it and bringing its schema up to date as needed.
    ///
    /// Fails with [`ErrorKind::Incompatible`] if a newer version of the program made it.
    pub async fn open(path: &Path, clock: SharedClock) -> Result<Self> {
        let path = path.to_path_buf();
        let seeds = clock.clone();
        let wake = Arc::new(tokio::sync::watch::Sender::new(()));
        let woken = Arc::clone(&wake);
        let opened = tokio::task::spawn_blocking(move || -> Result<_> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)
                    .map_err(|e| Error::io("create the data directory", folder, e))?;
            }
            let connection = schema::open(&path)?;
            permissions::seed(&connection, &seeds)?;
            Ok((writer::Writer::start(connection, &path, woken)?, readers::Readers::new(&path)))
        });
        let (writer, readers) = opened
            .await
            .map_err(|e| Error::internal("opening the database was cut off").with_source(e))??;
        Ok(Self { writer, readers, clock, wake })
    }

    /// Runs `work` on the writer thread, in a savepoint; returns when it is committed and synced.
    async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.writer.run(work).instrument(tracing::debug_span!("sql", kind = "write")).await
    }

    /// Runs `work` on a reader connection.
    async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.readers.run(work).instrument(tracing::debug_span!("sql", kind = "read")).await
    }

    /// Waits for everything written so far and closes the database.
    pub async fn close(self) -> Result<()> {
        self.writer.close().await
    }
}

impl From<rusqlite::Error> for Error {
    /// The database's error in the user's terms.
    fn from(error: rusqlite::Error) -> Self {
        trouble(&error)
            .unwrap_or_else(|| Self::internal("the database refused a statement"))
            .with_source(error)
    }
}

/// What is wrong with the database or the machine it is on; `None`: a statement is at fault.
fn trouble(error: &rusqlite::Error) -> Option<Error> {
    use rusqlite::ErrorCode as Code;
    let (kind, message) = match error.sqlite_error_code()? {
        Code::DiskFull => {
            (ErrorKind::Storage, "the disk is full: nothing was stored; free some space and run it again")
        }
        Code::DatabaseBusy | Code::DatabaseLocked => {
            (ErrorKind::Conflict, "the database is busy: another process is writing; try again in a moment")
        }
        Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen => (
            ErrorKind::Storage,
            "the database cannot be written: check the permissions of the data directory",
        ),
        Code::DatabaseCorrupt | Code::NotADatabase => {
            (ErrorKind::Incompatible, "the database file is damaged: restore it from a backup")
        }
        Code::SystemIoFailure => {
            (ErrorKind::Storage, "the database could not be read or written: check the disk")
        }
        _ => return None,
    };
    let error = Error::new(kind, message);
    Some(if kind == ErrorKind::Conflict { error.with_code(DATABASE_BUSY) } else { error })
}

#[cfg(test)]
impl Store {
    /// Statements as somebody beside the program would run them.
    pub(crate) async fn run_sql(&self, sql: &'static str) -> Result<()> {
        self.write(move |c| Ok(c.execute_batch(sql)?)).await
    }
}

#[cfg(test)]
pub(crate) mod place;
