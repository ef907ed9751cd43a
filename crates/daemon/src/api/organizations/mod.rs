//! Organizations: the businesses.

pub mod delete;
pub mod list;
pub mod show;
pub mod update;

use agent_core::model::OrganizationDetails;
use agent_core::store::Organization;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A business.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationBody {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its name in an address.
    slug: String,
}

impl From<Organization> for OrganizationBody {
    fn from(organization: Organization) -> Self {
        Self { id: organization.id.0, name: organization.name, slug: organization.slug }
    }
}

/// A business with its plan, what it may have and what it has.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationDetailsBody {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its name in an address.
    slug: String,
    /// Id of its plan; null where the limits are the deployment's own.
    plan: Option<String>,
    /// Tier of its plan.
    subscription_tier: String,
    /// What else its plan comes with.
    features: Vec<String>,
    /// State of its subscription.
    subscription_status: String,
    /// What it may have.
    limits: LimitsBody,
    /// What it has.
    usage: UsageBody,
    /// How long what is kept.
    settings: SettingsBody,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Limits of a plan; null is no limit.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
pub struct LimitsBody {
    /// Documents.
    max_documents: Option<u64>,
    /// Agents.
    max_agents: Option<u64>,
    /// Answered messages in a calendar month.
    max_monthly_messages: Option<u64>,
    /// Megabytes of one file.
    max_file_mb: Option<u64>,
}

/// What a business has and used.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageBody {
    /// Documents.
    documents: u64,
    /// Agents.
    agents: u64,
    /// Messages answered in this calendar month, UTC.
    messages_this_month: u64,
}

/// Settings of a business.
#[derive(Debug, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsBody {
    /// How long what is kept.
    retention: Option<RetentionBody>,
}

/// How long what is kept, in days.
#[derive(Debug, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetentionBody {
    /// Questions with their answers, messages and notes; conversations and contacts go with the last of
    /// them.
    #[schema(minimum = 1, maximum = 36500)]
    conversations_days: Option<u32>,
    /// Documents that nothing was changed in and no answer cited.
    #[schema(minimum = 1, maximum = 36500)]
    inactive_documents_days: Option<u32>,
}

impl From<OrganizationDetails> for OrganizationDetailsBody {
    fn from(details: OrganizationDetails) -> Self {
        let limits = details.limits;
        Self {
            id: details.id.0,
            name: details.name,
            slug: details.slug,
            plan: details.plan,
            subscription_tier: details.subscription_tier,
            features: details.features,
            subscription_status: details.subscription_status,
            limits: LimitsBody {
                max_documents: limits.max_documents,
                max_agents: limits.max_agents,
                max_monthly_messages: limits.max_monthly_messages,
                max_file_mb: limits.max_file_mb,
            },
            usage: UsageBody {
                documents: details.usage.documents,
                agents: details.usage.agents,
                messages_this_month: details.usage.messages_this_month,
            },
            settings: SettingsBody {
                retention: Some(RetentionBody {
                    conversations_days: Some(details.settings.retention.conversations_days),
                    inactive_documents_days: Some(details.settings.retention.inactive_documents_days),
                }),
            },
            created_at: details.created_at,
            updated_at: details.updated_at,
        }
    }
}
