//! The organization: its details, settings, limits, and its end.

use super::Engine;
use crate::accounts;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Limits, OrganizationDetails, OrganizationPatch, Permission, Principal, Usage};
use crate::store::OrganizationRecord;

impl Engine {
    /// Everything about the organization that its members may see.
    pub async fn organization_details(&self) -> Result<OrganizationDetails> {
        let record = self.record().await?;
        self.details(record).await
    }

    /// Changes name and settings; the address (slug) stays.
    pub async fn update_organization(&self, patch: OrganizationPatch) -> Result<OrganizationDetails> {
        let name = patch.name.as_deref().map(|text| accounts::organization_name("name", text)).transpose()?;
        let changed =
            self.parts.store.change_organization(self.organization.id, name, patch.settings).await?;
        self.details(changed.ok_or_else(|| self.gone())?).await
    }

    /// Marks the organization as deleted, ends its logins and revokes its keys, at once. What it holds is
    /// removed later, by a job. `confirmation` is its slug, typed by somebody who means it.
    pub async fn delete_organization(&self, by: &Principal, confirmation: &str) -> Result<()> {
        self.acts_here(by)?;
        if !by.permissions.has(Permission::OrganizationDelete) {
            return Err(Error::new(ErrorKind::Forbidden, "you may not delete this organization")
                .with_code("permission_denied"));
        }
        let slug = self.record().await?.organization.slug;
        if confirmation != slug {
            let message = format!("write `{slug}` to confirm");
            return Err(Error::invalid(format!("confirmation: {message}"))
                .with_code("confirmation_mismatch")
                .with_field("confirmation", message));
        }
        let deleted = self.parts.store.delete_organization(self.organization.id).await?;
        self.parts.accounts.forget_everybody();
        if deleted { Ok(()) } else { Err(self.gone()) }
    }

    /// What the organization may use: its plan's limits, or the configured ones.
    pub async fn limits(&self) -> Result<Limits> {
        Ok(self.limits_of(&self.record().await?))
    }

    /// Fails with `document_limit_reached` if the plan allows no further document.
    pub async fn check_document_quota(&self) -> Result<()> {
        let (limits, usage) = self.limits_and_usage().await?;
        within(limits.max_documents, usage.documents, "document_limit_reached", "documents")
    }

    /// Fails with `agent_limit_reached` if the plan allows no further agent.
    pub async fn check_agent_quota(&self) -> Result<()> {
        let (limits, usage) = self.limits_and_usage().await?;
        within(limits.max_agents, usage.agents, "agent_limit_reached", "agents")
    }

    /// Fails with `message_limit_reached` if the plan allows no further message this month.
    pub async fn check_message_quota(&self) -> Result<()> {
        let (limits, usage) = self.limits_and_usage().await?;
        let used = usage.messages_this_month;
        within(limits.max_monthly_messages, used, "message_limit_reached", "messages a month")
    }

    async fn limits_and_usage(&self) -> Result<(Limits, Usage)> {
        Ok((self.limits().await?, self.usage().await?))
    }

    async fn details(&self, record: OrganizationRecord) -> Result<OrganizationDetails> {
        Ok(OrganizationDetails {
            limits: self.limits_of(&record),
            usage: self.usage().await?,
            id: record.organization.id,
            name: record.organization.name,
            slug: record.organization.slug,
            subscription_tier: record.subscription_tier,
            subscription_status: record.subscription_status,
            settings: record.settings,
            created_at: record.organization.created_at,
            updated_at: record.updated_at,
        })
    }

    async fn record(&self) -> Result<OrganizationRecord> {
        let record = self.parts.store.organization_record(self.organization.id).await?;
        record.ok_or_else(|| self.gone())
    }

    async fn usage(&self) -> Result<Usage> {
        let month = self.parts.clock.now().format("%Y-%m").to_string();
        self.parts.store.usage(self.organization.id, month).await
    }

    fn limits_of(&self, record: &OrganizationRecord) -> Limits {
        let plan = &self.parts.config.plan;
        let limit = |own: Option<u64>, configured| Some(own.unwrap_or(configured)).filter(|n| *n > 0);
        Limits {
            max_documents: limit(record.max_documents, plan.max_documents),
            max_agents: limit(record.max_agents, plan.max_agents),
            max_monthly_messages: limit(record.max_monthly_messages, plan.max_monthly_messages),
            max_file_mb: limit(None, plan.max_file_mb),
        }
    }

    fn gone(&self) -> Error {
        Error::not_found(format!("there is no organization {}", self.organization.id))
    }
}

fn within(limit: Option<u64>, used: u64, code: &'static str, what: &str) -> Result<()> {
    match limit {
        Some(limit) if used >= limit => Err(Error::new(
            ErrorKind::QuotaExceeded,
            format!("the plan allows {limit} {what}, and {used} are in use: choose a larger plan"),
        )
        .with_code(code)),
        _ => Ok(()),
    }
}
