//! `[plan]`: limits of organizations that bought no plan with limits of its own.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// `[plan]`; 0 is no limit.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlanConfig {
    /// Documents of an organization.
    pub max_documents: u64,
    /// Agents of an organization.
    pub max_agents: u64,
    /// Answered messages in a calendar month (UTC).
    pub max_monthly_messages: u64,
    /// Size of one document, in megabytes.
    pub max_file_mb: u64,
}

impl Section for PlanConfig {
    const NAME: &'static str = "plan";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("max_documents", &self.max_documents, 0..=1_000_000_000)?;
        Problem::unless_within("max_agents", &self.max_agents, 0..=1_000_000_000)?;
        Problem::unless_within("max_monthly_messages", &self.max_monthly_messages, 0..=1_000_000_000_000)?;
        Problem::unless_within("max_file_mb", &self.max_file_mb, 0..=4096)
    }
}
