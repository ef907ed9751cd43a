//! What a deployment holds and whether its parts are in order.

use serde::Serialize;

use super::Engine;
use crate::answer::EXTRACTIVE;
use crate::error::Result;
use crate::index::TableStats;
use crate::model::{Limits, Usage};
use crate::net::proxy_problems;
use crate::store::{DocumentFilter, Generation};

/// The state of a deployment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Version of this program.
    pub version: &'static str,
    /// Where the data lies.
    pub data_dir: String,
    /// Name of the business.
    pub organization: String,
    /// Id of the plan in force; absent where the limits are the deployment's own.
    pub plan: Option<String>,
    /// Where the subscription stands; `inactive` if there never was one.
    pub subscription_status: String,
    /// What may be used.
    pub limits: Limits,
    /// What is used.
    pub usage: Usage,
    /// Number of agents.
    pub agents: usize,
    /// Documents that can be searched.
    pub documents: u64,
    /// Chunks that can be found.
    pub chunks: u64,
    /// Questions asked, and of those refused.
    pub queries: u64,
    /// Questions the documents did not answer.
    pub refused_queries: u64,
    /// The embedding model in use.
    pub embedding_model: String,
    /// The chat model in use, or `extractive`.
    pub answer_model: String,
    /// How the chat service does: `ok`, or what is wrong; absent without one.
    pub chat_service: Option<String>,
    /// The index generation in force.
    pub generation: Option<Generation>,
    /// How its table looks.
    pub index: Option<TableStats>,
    /// What is not in order, and how to mend it.
    pub problems: Vec<String>,
}

impl Engine {
    /// Reports on the deployment. The chat service is asked whether it is there, and waited for a few seconds at
    /// most.
    pub async fn status(&self) -> Result<Status> {
        let organization = self.organization.id;
        let searchable = DocumentFilter { searchable: true, limit: Some(0), ..DocumentFilter::default() };
        let (_, documents) = self.parts.store.documents(organization, searchable).await?;
        let (queries, refused_queries) = self.parts.store.query_counts(organization).await?;
        let chunks = self.parts.store.chunk_count_of(organization).await?;
        let mut problems = Vec::new();
        let profile = self.model_profile();
        let embedding_model = match &profile {
            Ok(profile) => profile.name.clone(),
            Err(error) => {
                problems.push(error.to_string());
                self.parts.config.embedding.model.clone()
            }
        };
        let generation = self.parts.store.active_generation().await?;
        let index = match self.generation().await {
            Ok(Some((_, table))) => {
                let stats = table.stats().await?;
                problems.extend(self.missing_of_index(&table).await?);
                Some(stats)
            }
            Ok(None) => None,
            Err(error) => {
                if profile.is_ok() {
                    problems.push(error.to_string());
                }
                None
            }
        };
        problems.extend(self.missing_originals().await?);
        // One that is deleted has no plan any more.
        let record = self.parts.store.organization_record(organization).await?;
        let standing = record.as_ref().map(|record| self.standing_of(record));
        if standing.as_ref().is_some_and(|standing| standing.unknown_price) {
            problems.push(
                "the subscription is for a price that no plan has: add it to [plans] as stripe_price or to former_prices"
                    .to_owned(),
            );
        }
        problems.extend(proxy_problems().iter().cloned());
        let chat_service = self.chat_service().await;
        if let Some(Err(error)) = &chat_service {
            let then =
                if self.parts.config.llm.fallback { "the documents are quoted" } else { "questions fail" };
            problems.push(format!("the chat service gives no answer, so {then}: {error}"));
        }
        let chat_service =
            chat_service.map(|state| state.map_or_else(|error| error.to_string(), |()| "ok".into()));
        let answer_model = self.parts.chat.as_ref().map_or(EXTRACTIVE, |c| c.default_model()).to_owned();
        Ok(Status {
            version: env!("CARGO_PKG_VERSION"),
            data_dir: self.parts.config.paths.data_dir.display().to_string(),
            organization: self.organization.name.clone(),
            limits: standing.as_ref().map(|standing| standing.limits).unwrap_or_default(),
            plan: standing.and_then(|standing| standing.plan),
            subscription_status: record.map_or_else(|| "inactive".to_owned(), |r| r.subscription_status),
            usage: self.usage().await?,
            agents: self.parts.store.agents(organization).await?.len(),
            documents,
            chunks,
            queries,
            refused_queries,
            embedding_model,
            answer_model,
            chat_service,
            generation,
            index,
            problems,
        })
    }
}
