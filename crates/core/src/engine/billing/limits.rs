//! What an organization may use, against what it uses: asked before anything is added.
//!
//! The limits themselves are decided in `billing/plans.rs`. Nothing is taken away where a limit shrank; there
//! is only no room for more, and whoever meets that is told why.

use super::super::Engine;
use crate::billing::plans::{Account, Standing, standing};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{DocumentReport, Work};
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
        let account = Account {
            subscription: record.subscription.as_ref(),
            exceptions: record.exceptions,
            operator: record.operator,
        };
        standing(&self.parts.config, account, now)
    }

    /// Of documents to ingest, those for which the plan has room; the others are reported with the reason. New
    /// versions of known ones need no room.
    pub(in crate::engine) async fn within_plan(
        &self,
        works: Vec<Work>,
    ) -> Result<(Vec<Work>, Vec<DocumentReport>)> {
        const MB: u64 = 1024 * 1024;
        let quota = self.quota().await?;
        let limits = quota.standing.limits;
        let (mut kept, mut refused, mut used) = (Vec::new(), Vec::new(), quota.usage.documents);
        for work in works {
            let too_large = limits.max_file_mb.filter(|most| work.size > most.saturating_mul(MB));
            let room = match (too_large, work.known) {
                (Some(most), _) => Err(quota.too_large(most, work.size.div_ceil(MB))),
                (None, Some(_)) => Ok(()),
                (None, None) => quota
                    .leaves_room(limits.max_documents, used, "document_limit_reached", "documents")
                    .map_err(|error| error.to_string()),
            };
            match room {
                Ok(()) => {
                    used += u64::from(work.known.is_none());
                    kept.push(work);
                }
                Err(reason) => refused.push(DocumentReport::failed(work.place(), work.known, reason)),
            }
        }
        Ok((kept, refused))
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
        let text =
            format!("{}, and {used} are in use: {}", self.allows(&format!("{limit} {what}")), self.remedy());
        Err(Error::new(ErrorKind::QuotaExceeded, text).with_code(code))
    }

    /// That a file is too large for the plan.
    fn too_large(&self, most: u64, megabytes: u64) -> String {
        let allowed = self.allows(&format!("files of {most} MB"));
        format!("{allowed}, and this one has {megabytes}: {}", self.remedy())
    }

    fn allows(&self, what: &str) -> String {
        let plan = self.standing.plan.as_ref();
        let plan = plan.map_or_else(|| "plan".to_owned(), |plan| format!("plan `{plan}`"));
        format!("the {plan} allows {what}")
    }

    fn remedy(&self) -> &str {
        self.shortfall.as_deref().unwrap_or("choose a larger plan")
    }
}
