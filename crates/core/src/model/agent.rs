//! An agent: who answers, in which language, by which model and instructions.

use serde::{Deserialize, Serialize};

use super::{AgentId, Locale, Menu, OrganizationId};

/// An agent as the store keeps it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// The business it works for.
    pub organization_id: OrganizationId,
    /// Name shown to people; unique within the business.
    pub name: String,
    /// Instructions put before the question; the built-in ones if absent.
    pub system_prompt: Option<String>,
    /// Chat model; the configured one if absent.
    pub llm_model: Option<String>,
    /// Sampling temperature, 0 to 2; the configured one if absent.
    pub temperature: Option<f64>,
    /// Longest answer in tokens; the configured one if absent.
    pub max_tokens: Option<u32>,
    /// Language of the texts that are ours (refusal, labels).
    pub locale: Locale,
    /// Business number it answers on.
    pub whatsapp_phone_number: Option<String>,
    /// What it offers customers on WhatsApp to choose from.
    pub menu: Option<Menu>,
    /// What it answers a greeting with; `{greeting}` stands for good morning, afternoon or evening, which otherwise goes
    /// before it. The built-in text if absent.
    pub welcome: Option<String>,
    /// Whether it answers.
    pub is_active: bool,
    /// Answers questions that name no agent. Exactly one per business.
    pub is_default: bool,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub updated_at: String,
}

/// What is needed to create an agent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NewAgent {
    /// Name, unique within the business.
    pub name: String,
    /// See [`Agent::system_prompt`].
    pub system_prompt: Option<String>,
    /// See [`Agent::llm_model`].
    pub llm_model: Option<String>,
    /// See [`Agent::temperature`].
    pub temperature: Option<f64>,
    /// See [`Agent::max_tokens`].
    pub max_tokens: Option<u32>,
    /// See [`Agent::locale`].
    pub locale: Option<Locale>,
    /// See [`Agent::whatsapp_phone_number`].
    pub whatsapp_phone_number: Option<String>,
    /// See [`Agent::menu`].
    pub menu: Option<Menu>,
    /// See [`Agent::welcome`].
    pub welcome: Option<String>,
}

/// A change of an agent: only what is present changes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AgentPatch {
    /// New name.
    pub name: Option<String>,
    /// New instructions.
    pub system_prompt: Option<String>,
    /// New chat model.
    pub llm_model: Option<String>,
    /// New temperature.
    pub temperature: Option<f64>,
    /// New longest answer.
    pub max_tokens: Option<u32>,
    /// New language.
    pub locale: Option<Locale>,
    /// New business number.
    pub whatsapp_phone_number: Option<String>,
    /// New menu; `Some(None)` takes it away.
    pub menu: Option<Option<Menu>>,
    /// New welcome; an empty one brings the built-in text back.
    pub welcome: Option<String>,
    /// Switches it on or off.
    pub is_active: Option<bool>,
    /// `true` makes it the default agent.
    pub is_default: Option<bool>,
}
