//! What an organization may use, against what it uses: asked before anything is added.
//!
//! The limits themselves are decided in `billing/plans.rs`. Nothing is taken away where a limit shrank; there
//! is only no room for more, and whoever meets that is told why.

use super::super::Engine;
use crate::billing::plans::{Standing, standing};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Limits, Usage};
use crate::store::{MonthOfUse, OrganizationRecord};

impl Engine {
    /// What the organization may use: what an operator granted it, else its plan's limits.
    pub async fn limits(&self) -> Result<Limits> {
        Ok(self.standing_of(&self.record().await?).limits)
    }

    /// Fails with `document_limit_reached` if the plan allows no further document.
    pub async fn check_document_quota(&self) -> Result<()> {
        let quota = self.quota().await?;
        let limit = quota.standing.limits.max_documents;
        quota.leaves_room(limit, quota.usage.documents, "document_limit_reached", "documents")
    }

    /// Fails with `agent_limit_reached` if the plan allows no further agent.
    pub async fn check_agent_quota(&self) -> Result<()> {
        let quota = self.quota().await?;
        let limit = quota.standing.limits.max_agents;
        quota.leaves_room(limit, quota.usage.agents, "agent_limit_reached", "agents")
    }

    /// Fails with `message_limit_reached` if the plan allows no further message this month.
    pub async fn check_message_quota(&self) -> Result<()> {
        let quota = self.quota().await?;
        let limit = quota.standing.limits.max_monthly_messages;
        quota.leaves_room(limit, quota.usage.messages_this_month, "message_limit_reached", "messages a month")
    }

    /// Use of the latest calendar months (UTC) with any, newest first.
    pub async fn usage_by_month(&self, months: u32) -> Result<Vec<MonthOfUse>> {
        self.parts.store.usage_by_month(self.organization.id, months).await
    }

    /// What the organization uses of its plan now.
    pub async fn usage(&self) -> Result<Usage> {
        let month = self.parts.clock.now().format("%Y-%m").to_string();
        self.parts.store.usage(self.organization.id, month).await
    }

    /// What a business may use now, and by which plan.
    pub(in crate::engine) fn standing_of(&self, record: &OrganizationRecord) -> Standing {
        let now = self.parts.clock.now();
        standing(&self.parts.config, record.subscription.as_ref(), record.exceptions, now)
    }

    async fn quota(&self) -> Result<Quota> {
        let record = self.record().await?;
        let standing = self.standing_of(&record);
        let shortfall = standing.shortfall(record.subscription.as_ref());
        Ok(Quota { standing, shortfall, usage: self.usage().await? })
    }
}

struct Quota {
    standing: Standing,
    shortfall: Option<String>,
    usage: Usage,
}

impl Quota {
    fn leaves_room(&self, limit: Option<u64>, used: u64, code: &'static str, what: &str) -> Result<()> {
        let Some(limit) = limit.filter(|limit| used >= *limit) else { return Ok(()) };
        let plan =
            self.standing.plan.as_ref().map_or_else(|| "plan".to_owned(), |plan| format!("plan `{plan}`"));
        let remedy = self.shortfall.as_deref().unwrap_or("choose a larger plan");
        let text = format!("the {plan} allows {limit} {what}, and {used} are in use: {remedy}");
        Err(Error::new(ErrorKind::QuotaExceeded, text).with_code(code))
    }
}
