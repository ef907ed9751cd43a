//! An organization's settings, limits and use.
//!
//! The settings are a closed list: what is not in it cannot be set. Its name and address are with the
//! store's `Organization`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::OrganizationId;
use crate::error::{Error, Result};

/// What an organization decides for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OrganizationSettings {
    /// How long things are kept.
    pub retention: Retention,
}

/// How long things are kept before the nightly job removes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Retention {
    /// Days that messages, notes, and questions with their answers are kept; a conversation goes with the
    /// last of them, and a contact with its last conversation.
    pub conversations_days: u32,
    /// Days that a document no answer cites is kept.
    pub inactive_documents_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { conversations_days: 730, inactive_documents_days: 365 }
    }
}

impl OrganizationSettings {
    /// The settings after a change. As in RFC 7396, what `patch` leaves out stays, and `null` goes back
    /// to the default.
    pub fn merged(&self, patch: &Value) -> Result<Self> {
        let mut value = serde_json::to_value(self)
            .map_err(|e| Error::internal("the settings cannot be written as JSON").with_source(e))?;
        if !patch.is_object() {
            return Err(refused("settings", "an object is accepted"));
        }
        merge(&mut value, patch);
        let settings: Self = serde_path_to_error::deserialize(value).map_err(|e| {
            let at = e.path().to_string();
            let field = if at == "." { "settings".to_owned() } else { format!("settings.{at}") };
            refused(&field, &e.into_inner().to_string())
        })?;
        let retention = &settings.retention;
        for (name, days) in [
            ("conversationsDays", retention.conversations_days),
            ("inactiveDocumentsDays", retention.inactive_documents_days),
        ] {
            if !(1..=36_500).contains(&days) {
                let field = format!("settings.retention.{name}");
                return Err(refused(&field, &format!("{days} is out of range: 1 to 36500 is accepted")));
            }
        }
        Ok(settings)
    }
}

fn refused(field: &str, message: &str) -> Error {
    Error::invalid(format!("{field}: {message}")).with_code("validation_failed").with_field(field, message)
}

fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = into else { return };
    for (key, change) in changes {
        if change.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

/// What an organization may use. Absent: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Documents.
    pub max_documents: Option<u64>,
    /// Agents.
    pub max_agents: Option<u64>,
    /// Answered messages in a calendar month (UTC).
    pub max_monthly_messages: Option<u64>,
    /// Size of one document, in megabytes.
    pub max_file_mb: Option<u64>,
}

/// What an organization uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Documents, whatever became of them.
    pub documents: u64,
    /// Agents.
    pub agents: u64,
    /// Messages answered in this calendar month (UTC).
    pub messages_this_month: u64,
}

/// Everything about an organization that its members may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationDetails {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its name in an address; stays the same when the name changes.
    pub slug: String,
    /// Id of the plan in force; absent where the limits are the deployment's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The tier of that plan.
    pub subscription_tier: String,
    /// What else it comes with.
    pub features: Vec<String>,
    /// Where the subscription stands; `inactive` if there never was one.
    pub subscription_status: String,
    /// What it may use.
    pub limits: Limits,
    /// What it uses.
    pub usage: Usage,
    /// What it decided for itself.
    pub settings: OrganizationSettings,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub updated_at: String,
}

/// A change of an organization: only what is present changes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OrganizationPatch {
    /// New name.
    pub name: Option<String>,
    /// Changed settings, see [`OrganizationSettings::merged`].
    pub settings: Option<Value>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_keeps_what_it_leaves_out_and_null_is_the_default_again() {
        let settings = OrganizationSettings::default();
        let changed = settings.merged(&json!({ "retention": { "conversationsDays": 90 } })).unwrap();
        assert_eq!(changed.retention, Retention { conversations_days: 90, inactive_documents_days: 365 });
        let again = changed.merged(&json!({ "retention": { "inactiveDocumentsDays": 30 } })).unwrap();
        assert_eq!(again.retention, Retention { conversations_days: 90, inactive_documents_days: 30 });
        let back = again.merged(&json!({ "retention": { "conversationsDays": null } })).unwrap();
        assert_eq!(back.retention, Retention { conversations_days: 730, inactive_documents_days: 30 });
    }

    #[test]
    fn what_is_no_setting_is_refused_by_name() {
        let field = |patch: Value| {
            let error = OrganizationSettings::default().merged(&patch).unwrap_err();
            assert_eq!(error.code(), Some("validation_failed"));
            error.fields()[0].field.clone()
        };
        assert_eq!(field(json!({ "theme": "dark" })), "settings.theme");
        assert_eq!(
            field(json!({ "retention": { "conversationsDays": 0 } })),
            "settings.retention.conversationsDays"
        );
        assert_eq!(
            field(json!({ "retention": { "conversationsDays": "x" } })),
            "settings.retention.conversationsDays"
        );
        assert_eq!(field(json!([1])), "settings");
    }
}
