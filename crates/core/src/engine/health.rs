//! How the parts of a deployment do, for those who watch over it, and the numbers of a business at a
//! glance.

use super::Engine;
use super::models::LLM;
use super::whatsapp::GRAPH;
use crate::error::Result;
use crate::model::OrganizationId;
use crate::net::{Acquaintance, BreakerState};
use crate::store::{JobFilter, JobStatus};

/// Name of telling people of the business in health reports.
const ALERTS: &str = "alerts";

/// Days over which an answer's time is averaged.
const RECENT_DAYS: i64 = 30;

/// How a part does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartState {
    /// Well, as far as was seen.
    Ok,
    /// Not tried yet: nobody knows.
    Untried,
    /// On its way: a model that is being loaded.
    Starting,
    /// Not well, and why, in words for an operator.
    Failing(String),
}

impl PartState {
    /// In words: `ok`, `not tried yet`, `starting`, or what is wrong.
    pub fn describe(&self) -> &str {
        match self {
            Self::Ok => "ok",
            Self::Untried => "not tried yet",
            Self::Starting => "starting",
            Self::Failing(why) => why,
        }
    }

    /// Whether nothing bad is known of it.
    pub fn is_fine(&self) -> bool {
        matches!(self, Self::Ok | Self::Untried)
    }

    fn of<T>(outcome: Result<T>) -> Self {
        match outcome {
            Ok(_) => Self::Ok,
            Err(error) => Self::Failing(error.to_string()),
        }
    }
}

/// A part of the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `database`, `index`, `storage`, `embeddings`, or the name of a service on the internet; `whatsapp`
    /// stands for the business numbers as well, `alerts` for telling people of the business.
    pub name: &'static str,
    /// How it does.
    pub state: PartState,
    /// Whether questions cannot be answered without it.
    pub needed: bool,
}

/// A business at a glance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dashboard {
    /// Questions kept.
    pub queries: u64,
    /// Of those, refused.
    pub refused: u64,
    /// Milliseconds an answer took on average over the last 30 days; absent if there was none.
    pub average_response_ms: Option<f64>,
    /// Jobs waiting or running.
    pub pending_jobs: u64,
    /// Jobs given up.
    pub dead_jobs: u64,
}

impl Engine {
    /// Looks at every part. Nothing on the internet is asked.
    pub async fn health(&self) -> Vec<Part> {
        let needed = |name, state| Part { name, state, needed: true };
        let embeddings = match self.parts.embedder.get() {
            Some(_) => PartState::Ok,
            // Whether it is still loading or cannot be loaded: its files tell.
            None => match self.model_profile() {
                Ok(_) => PartState::Starting,
                Err(error) => PartState::Failing(error.to_string()),
            },
        };
        let mut parts = vec![
            needed("database", PartState::of(self.parts.store.queue_depths().await)),
            needed("index", PartState::of(self.generation().await)),
            needed("storage", PartState::of(self.parts.blobs.check().await)),
            needed("embeddings", embeddings),
        ];
        parts.extend(self.breakers().into_iter().map(|(name, state)| Part {
            name,
            state: match state {
                BreakerState::Closed => match self.acquaintance(name) {
                    Acquaintance::None => PartState::Untried,
                    Acquaintance::Tried => PartState::Failing("it was asked and never answered".into()),
                    Acquaintance::Reached => PartState::Ok,
                },
                _ if name == LLM && self.parts.config.llm.fallback => PartState::Failing(
                    "it failed several times in a row and is not asked for now; the documents are quoted instead"
                        .into(),
                ),
                _ => PartState::Failing("it failed several times in a row and is not asked for now".into()),
            },
            needed: false,
        }));
        if !self.parts.config.whatsapp.channels.is_empty() {
            parts.push(Part { name: ALERTS, state: self.alerts_state().await, needed: false });
        }
        // It is there if a channel is configured.
        if let Some(part) = parts.iter_mut().find(|p| p.name == GRAPH && p.state.is_fine()) {
            part.state = self.channels_state().await;
        }
        parts
    }

    /// Whether every business number can send. Strangers may read this: neither names nor reasons.
    async fn channels_state(&self) -> PartState {
        let channels = match self.channels().await {
            Ok(channels) => channels,
            Err(error) => return PartState::Failing(error.to_string()),
        };
        let of_status = |status: &str| channels.iter().filter(|c| c.status == status).count();
        match (of_status("broken") + of_status("failing"), of_status("paused")) {
            (0, 0) if of_status("ok") == 0 => PartState::Untried,
            (0, 0) => PartState::Ok,
            (broken, paused) => PartState::Failing(format!(
                "of {} channels {broken} are broken and {paused} pause: the list of channels says why",
                channels.len()
            )),
        }
    }

    /// Whether somebody of the business would hear of a customer who needs a person. Strangers may read this.
    async fn alerts_state(&self) -> PartState {
        let channels = match self.channels().await {
            Ok(channels) => channels,
            Err(error) => return PartState::Failing(error.to_string()),
        };
        match channels.iter().filter(|channel| !channel.reachable).count() {
            0 => PartState::Ok,
            unreachable => PartState::Failing(format!(
                "on {unreachable} of {} channels nobody can be told that a customer needs a person: the list of \
                 channels says why",
                channels.len()
            )),
        }
    }

    /// The numbers of the business at a glance.
    pub async fn dashboard(&self) -> Result<Dashboard> {
        let (store, id) = (&self.parts.store, self.organization.id);
        let (queries, refused) = store.query_counts(id).await?;
        let since = self.parts.clock.now() - chrono::Duration::days(RECENT_DAYS);
        let average_response_ms =
            store.average_response_ms(id, &crate::clock::format_timestamp(since)).await?;
        Ok(Dashboard {
            queries,
            refused,
            average_response_ms,
            pending_jobs: self.jobs_in(id, JobStatus::Available).await?
                + self.jobs_in(id, JobStatus::Running).await?,
            dead_jobs: self.jobs_in(id, JobStatus::Dead).await?,
        })
    }

    async fn jobs_in(&self, organization: OrganizationId, status: JobStatus) -> Result<u64> {
        let filter = JobFilter {
            status: Some(status),
            organization: Some(organization),
            limit: Some(0),
            page: 1,
            ..JobFilter::default()
        };
        Ok(self.parts.store.jobs(filter).await?.1)
    }
}
