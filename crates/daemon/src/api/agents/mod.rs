//! Agents: who answers.

pub mod create;
pub mod delete;
mod fields;
pub mod list;
mod menu;
pub mod show;
pub mod update;

use agent_core::model::{Agent, Locale};
use menu::MenuBody;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A language.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LocaleBody {
    /// Portuguese.
    Pt,
    /// English.
    En,
    /// Spanish.
    Es,
}

impl From<Locale> for LocaleBody {
    fn from(locale: Locale) -> Self {
        match locale {
            Locale::Portuguese => Self::Pt,
            Locale::English => Self::En,
            Locale::Spanish => Self::Es,
        }
    }
}

impl From<LocaleBody> for Locale {
    fn from(locale: LocaleBody) -> Self {
        match locale {
            LocaleBody::Pt => Self::Portuguese,
            LocaleBody::En => Self::English,
            LocaleBody::Es => Self::Spanish,
        }
    }
}

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentBody {
    /// Its id.
    id: Uuid,
    /// Name shown to people; unique within the business.
    name: String,
    /// Its instructions; the built-in ones if null.
    system_prompt: Option<String>,
    /// Chat model; the configured one if null.
    llm_model: Option<String>,
    /// Sampling temperature; the configured one if null.
    temperature: Option<f64>,
    /// Longest answer in tokens; the configured one if null.
    max_tokens: Option<u32>,
    /// Language of the texts that are ours.
    locale: LocaleBody,
    /// Business number it answers on.
    whatsapp_phone_number: Option<String>,
    /// What it offers customers on WhatsApp to choose from.
    menu: Option<MenuBody>,
    /// What it answers a greeting with; the built-in text if null.
    welcome: Option<String>,
    /// Whether it answers.
    is_active: bool,
    /// Answers questions that name no agent.
    is_default: bool,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Agent> for AgentBody {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id.0,
            name: agent.name,
            system_prompt: agent.system_prompt,
            llm_model: agent.llm_model,
            temperature: agent.temperature,
            max_tokens: agent.max_tokens,
            locale: agent.locale.into(),
            whatsapp_phone_number: agent.whatsapp_phone_number,
            menu: agent.menu.map(Into::into),
            welcome: agent.welcome,
            is_active: agent.is_active,
            is_default: agent.is_default,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}
