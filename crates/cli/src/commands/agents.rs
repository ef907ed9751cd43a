//! `agentctl agents`

use agent_core::model::{Agent, AgentPatch, NewAgent};
use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use crate::args::AgentsCommand;
use crate::exit::Exit;
use crate::output::{Printer, table};

/// Lists and changes agents.
pub async fn run(config: Config, command: AgentsCommand, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    match command {
        AgentsCommand::List => {
            let agents = engine.agents().await?;
            printer.result(&json!({ "agents": agents }), |_| list(&agents))?;
        }
        AgentsCommand::Show { agent } => printer.result(&engine.find_agent(&agent).await?, show)?,
        AgentsCommand::Create { name, settings } => {
            let new = NewAgent {
                name,
                system_prompt: settings.system_prompt,
                llm_model: settings.llm_model,
                temperature: settings.temperature,
                max_tokens: settings.max_tokens,
                locale: settings.locale,
                whatsapp_phone_number: settings.whatsapp_phone_number,
            };
            printer.result(&engine.create_agent(new).await?, show)?;
        }
        AgentsCommand::Update { agent, name, active, default, settings } => {
            let patch = AgentPatch {
                name,
                system_prompt: settings.system_prompt,
                llm_model: settings.llm_model,
                temperature: settings.temperature,
                max_tokens: settings.max_tokens,
                locale: settings.locale,
                whatsapp_phone_number: settings.whatsapp_phone_number,
                is_active: active,
                is_default: default.then_some(true),
            };
            let id = engine.find_agent(&agent).await?.id;
            printer.result(&engine.update_agent(id, patch).await?, show)?;
        }
        AgentsCommand::Delete { agent } => {
            let agent = engine.find_agent(&agent).await?;
            engine.delete_agent(agent.id).await?;
            printer.result(&json!({ "deleted": agent }), |_| format!("Deleted {}.", agent.name))?;
        }
    }
    engine.close().await?;
    Ok(Exit::Success)
}

fn list(agents: &[Agent]) -> String {
    let mut rows = vec![["ID", "NAME", "LOCALE", "ACTIVE", "DEFAULT"].map(str::to_owned).to_vec()];
    let yes = |b: bool| if b { "yes" } else { "no" }.to_owned();
    rows.extend(agents.iter().map(|a| {
        vec![a.id.to_string(), a.name.clone(), a.locale.to_string(), yes(a.is_active), yes(a.is_default)]
    }));
    table(&rows)
}

fn show(agent: &Agent) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "(default)".to_owned());
    let number = |value: Option<String>| value.unwrap_or_else(|| "(default)".to_owned());
    format!(
        "id: {}\nname: {}\nlocale: {}\nactive: {}\ndefault: {}\nllm model: {}\ntemperature: {}\nmax tokens: {}\n\
         whatsapp: {}\nsystem prompt: {}\n",
        agent.id,
        agent.name,
        agent.locale,
        agent.is_active,
        agent.is_default,
        text(&agent.llm_model),
        number(agent.temperature.map(|t| t.to_string())),
        number(agent.max_tokens.map(|t| t.to_string())),
        agent.whatsapp_phone_number.as_deref().unwrap_or("(none)"),
        text(&agent.system_prompt),
    )
}
