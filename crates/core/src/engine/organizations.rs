//! The organization: its details, settings, and its end. What it may use is in `billing/limits.rs`.

use super::Engine;
use crate::accounts;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{OrganizationDetails, OrganizationPatch, Permission, Principal, Subscription};
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
    ///
    /// Fails with `subscription_running` while somebody goes on paying for it.
    pub async fn delete_organization(&self, by: &Principal, confirmation: &str) -> Result<()> {
        self.acts_here(by)?;
        if !by.permissions.has(Permission::OrganizationDelete) {
            return Err(Error::new(ErrorKind::Forbidden, "you may not delete this organization")
                .with_code("permission_denied"));
        }
        let record = self.record().await?;
        let slug = record.organization.slug;
        if confirmation != slug {
            let message = format!("write `{slug}` to confirm");
            return Err(Error::invalid(format!("confirmation: {message}"))
                .with_code("confirmation_mismatch")
                .with_field("confirmation", message));
        }
        let running = |s: &Subscription| !s.status.is_final() && !s.cancel_at_period_end;
        if self.parts.config.stripe.sells() && record.subscription.as_ref().is_some_and(running) {
            let text =
                "its subscription goes on: cancel it first, or it will be paid for without being there";
            return Err(Error::new(ErrorKind::Conflict, text).with_code("subscription_running"));
        }
        let deleted = self.parts.store.delete_organization(self.organization.id).await?;
        self.parts.accounts.forget_everybody();
        if deleted { Ok(()) } else { Err(self.gone()) }
    }

    async fn details(&self, record: OrganizationRecord) -> Result<OrganizationDetails> {
        let standing = self.standing_of(&record);
        Ok(OrganizationDetails {
            plan: standing.plan,
            features: standing.features,
            limits: standing.limits,
            usage: self.usage().await?,
            id: record.organization.id,
            name: record.organization.name,
            slug: record.organization.slug,
            subscription_tier: standing.tier,
            subscription_status: record.subscription_status,
            settings: record.settings,
            created_at: record.organization.created_at,
            updated_at: record.updated_at,
        })
    }

    pub(super) async fn record(&self) -> Result<OrganizationRecord> {
        let record = self.parts.store.organization_record(self.organization.id).await?;
        record.ok_or_else(|| self.gone())
    }

    fn gone(&self) -> Error {
        Error::not_found(format!("there is no organization {}", self.organization.id))
    }
}
