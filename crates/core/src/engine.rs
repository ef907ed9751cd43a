//! The composition root: a deployment, open, and the verbs a Rust user calls.
//!
//! `open.rs` puts the parts together (`builder.rs`: parts of the caller's, `models.rs`: those of the configuration),
//! `ingest.rs` ingests, `documents.rs` lists, `uploads.rs` receives documents,
//! `processing.rs` makes them searchable, `ask.rs` checks questions and searches, `respond.rs` answers
//! (`given.rs`: an answer on its way, `conversation.rs`: follow-ups, `courtesy.rs`: what asks nothing, `flights.rs`: the same asked by many), `feedback.rs` looks answers up again, `agents.rs` manages agents, `lookup.rs` finds
//! things by what people type,
//! `reindex.rs` rebuilds the index, `retention.rs` forgets, `exports.rs` gives people their data,
//! `status.rs` and `health.rs` report, `chat_service.rs` makes and tries the chat model. Accounts: `sessions.rs` logs in and out, `authenticate.rs` says who
//! is calling, and `profile.rs`, `members.rs`, `api_keys.rs`, `organizations.rs` and `audit.rs` manage what
//! they are named after. `whatsapp.rs` with its folder holds
//! conversations with customers, `billing.rs` what is bought and what may be used. `workers.rs` runs jobs and `handlers/` says what each does. Models are loaded when
//! first needed: listing documents costs no model.

mod agents;
mod api_keys;
mod ask;
mod audit;
mod authenticate;
mod billing;
mod builder;
mod chat_service;
mod completeness;
mod contacts;
mod conversation;
mod courtesy;
mod documents;
mod exports;
mod feedback;
mod flights;
mod given;
mod handlers;
mod health;
mod ingest;
mod lock;
mod lookup;
mod members;
mod models;
mod open;
mod operator;
mod organizations;
mod ownership;
mod processing;
mod profile;
mod reindex;
mod respond;
mod retention;
mod sessions;
mod status;
mod uploads;
mod whatsapp;
mod workers;

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::accounts::Accounts;
use crate::clock::SharedClock;
use crate::config::Config;
use crate::embed::SharedEmbedder;
use crate::error::{Error, Result};
use crate::index::Index;
use crate::ingest::Blobs;
use crate::ingest::parse::Sandbox;
use crate::llm::SharedChatModel;
use crate::model::OrganizationId;
use crate::net::Breaker;
use crate::store::{Organization, Store};

pub use ask::{Ask, BatchAnswer};
pub use billing::{CheckoutRequest, StripeEvent, StripeRefused, SubscriptionInfo, SyncProblem, SyncReport};
pub use builder::EngineBuilder;
pub use health::{Dashboard, Part, PartState};
pub use ingest::{IngestReport, Totals};
pub use open::PARSE_WORKER_ARGUMENT;
pub use retention::{PurgeReport, Retained, RetentionReport};
pub use sessions::Session;
pub use status::Status;
pub use uploads::{Upload, UploadInfo};
pub use whatsapp::{
    ALERT_TEMPLATE, ChannelInfo, ChannelStep, ChannelTemplate, ChannelTest, Chat, CheckOutcome,
    CreatedTemplate, Dealt, Effort, Refused, Sent, TemplateToSend, ToSend,
};

/// An open deployment, seen by one of its businesses. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    parts: Arc<Parts>,
    organization: Organization,
}

/// What all businesses of a deployment share.
struct Parts {
    config: Config,
    clock: SharedClock,
    store: Store,
    blobs: Blobs,
    index: Index,
    lock: lock::IndexLock,
    /// Held while the first generation is made: documents are processed side by side.
    first_generation: tokio::sync::Mutex<()>,
    embedder: OnceCell<SharedEmbedder>,
    /// Given by the caller; `embedder` then holds the same from the beginning.
    own_embedder: Option<builder::OwnEmbedder>,
    sandbox: OnceCell<Arc<Sandbox>>,
    chat: Option<SharedChatModel>,
    accounts: Accounts,
    /// Answers that are being made.
    flights: flights::Flights,
    /// One for each service on the internet that is configured.
    breakers: Vec<Arc<Breaker>>,
    whatsapp: whatsapp::Whatsapp,
    billing: billing::Billing,
}

impl Engine {
    /// The configuration it was opened with.
    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    /// The business on whose behalf the verbs act: the deployment's own unless
    /// [`Engine::for_organization`] chose another.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// The store, for callers that need more than the verbs.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The same deployment on behalf of another of its businesses.
    pub async fn for_organization(&self, id: OrganizationId) -> Result<Self> {
        if id == self.organization.id {
            return Ok(self.clone());
        }
        let found = self.parts.store.organization_by_id(id).await?;
        let organization = found.ok_or_else(|| Error::not_found(format!("there is no organization {id}")))?;
        Ok(Self { parts: Arc::clone(&self.parts), organization })
    }

    /// The source of time and ids.
    pub fn clock(&self) -> &SharedClock {
        &self.parts.clock
    }

    /// Waits for everything written and closes the store.
    pub async fn close(self) -> Result<()> {
        self.parts.store.clone().close().await
    }
}

#[cfg(test)]
mod shelf;
