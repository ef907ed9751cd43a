//! Agents: listing, finding, changing.

use super::Engine;
use super::whatsapp::check_menu;
use crate::error::{Error, Result};
use crate::model::{Agent, AgentId, AgentPatch, NewAgent};

/// Characters of a welcome at most.
const LONGEST_WELCOME: usize = 900;

impl Engine {
    /// Every agent, by creation.
    pub async fn agents(&self) -> Result<Vec<Agent>> {
        self.parts.store.agents(self.organization.id).await
    }

    /// An agent by id.
    pub async fn agent(&self, id: AgentId) -> Result<Agent> {
        self.parts.store.agent(self.organization.id, id).await?.ok_or_else(|| missing(&id.to_string()))
    }

    /// An agent by id, name, or beginning of an id.
    pub async fn find_agent(&self, id_or_name: &str) -> Result<Agent> {
        if let Ok(id) = id_or_name.parse() {
            return self.agent(id).await;
        }
        if let Some(agent) = self.parts.store.agent_by_name(self.organization.id, id_or_name).await? {
            return Ok(agent);
        }
        match self.agent_by_prefix(id_or_name).await? {
            Some(id) => self.agent(id).await,
            None => Err(missing(id_or_name)),
        }
    }

    /// Creates an agent, whatever the plan allows: for whoever runs the deployment.
    pub async fn create_agent(&self, new: NewAgent) -> Result<Agent> {
        self.create(new, None).await
    }

    /// Creates an agent. Fails with `agent_limit_reached` if the plan allows no further one.
    pub async fn create_agent_in_plan(&self, new: NewAgent) -> Result<Agent> {
        // The reason in full; between this and the writing somebody else may take the last place.
        self.check_agent_quota().await?;
        self.create(new, self.limits().await?.max_agents).await
    }

    async fn create(&self, new: NewAgent, limit: Option<u64>) -> Result<Agent> {
        check(Some(&new.name), new.temperature, new.max_tokens)?;
        check_welcome(new.welcome.as_deref())?;
        new.menu.as_ref().map_or(Ok(()), check_menu)?;
        let locale = self.parts.config.answer.locale;
        self.parts.store.create_agent(self.organization.id, new, locale, limit).await
    }

    /// Changes an agent.
    pub async fn update_agent(&self, id: AgentId, patch: AgentPatch) -> Result<Agent> {
        check(patch.name.as_ref(), patch.temperature, patch.max_tokens)?;
        check_welcome(patch.welcome.as_deref())?;
        patch.menu.as_ref().and_then(Option::as_ref).map_or(Ok(()), check_menu)?;
        if patch.is_default == Some(false) {
            return Err(Error::invalid(
                "there is always a default agent: make another one the default instead",
            ));
        }
        self.parts
            .store
            .update_agent(self.organization.id, id, patch)
            .await?
            .ok_or_else(|| missing(&id.to_string()))
    }

    /// Deletes an agent that is not the default and has no documents of its own.
    pub async fn delete_agent(&self, id: AgentId) -> Result<()> {
        if self.parts.store.delete_agent(self.organization.id, id).await? {
            Ok(())
        } else {
            Err(missing(&id.to_string()))
        }
    }
}

fn missing(which: &str) -> Error {
    Error::not_found(format!("there is no agent `{which}`: `agentctl agents list` shows them"))
}

/// A welcome has to fit where a menu stands below it.
fn check_welcome(welcome: Option<&str>) -> Result<()> {
    match welcome.map(|text| text.chars().count()) {
        Some(count) if count > LONGEST_WELCOME => {
            let problem = format!("has {count} characters: {LONGEST_WELCOME} at most are accepted");
            Err(Error::invalid(format!("welcome {problem}"))
                .with_code("validation_failed")
                .with_field("welcome", &problem))
        }
        _ => Ok(()),
    }
}

fn check(name: Option<&String>, temperature: Option<f64>, max_tokens: Option<u32>) -> Result<()> {
    if let Some(name) = name
        && (name.trim().is_empty() || name.chars().count() > 255)
    {
        return Err(Error::invalid("an agent's name has 1 to 255 characters"));
    }
    if let Some(temperature) = temperature.filter(|t| !(0.0..=2.0).contains(t)) {
        return Err(Error::invalid(format!("temperature is {temperature}: 0 to 2 is accepted")));
    }
    if let Some(tokens) = max_tokens.filter(|t| !(1..=4000).contains(t)) {
        return Err(Error::invalid(format!("max-tokens is {tokens}: 1 to 4000 is accepted")));
    }
    Ok(())
}
