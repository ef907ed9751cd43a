//! `agentctl agents`

use std::path::Path;

use agent_core::model::{Agent, AgentPatch, Menu, NewAgent};
use agent_core::{Config, Engine, Error};
use anyhow::Result;
use serde_json::json;

use crate::args::AgentsCommand;
use crate::audit;
use crate::exit::Exit;
use crate::output::Printer;
use crate::table::Column;

/// Lists and changes agents.
pub async fn run(config: Config, command: AgentsCommand, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    match command {
        AgentsCommand::List => {
            let agents = engine.agents().await?;
            printer.result(&json!({ "agents": agents }), |_| list(&agents, printer))?;
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
                welcome: settings.welcome,
                whatsapp_phone_number: settings.whatsapp_phone_number,
                menu: settings.menu.as_deref().map(menu).transpose()?,
            };
            let agent = engine.create_agent_in_plan(new).await?;
            audit::note(&engine, "agents:create", Some(agent.id.to_string()), json!({})).await;
            printer.result(&agent, show)?;
        }
        AgentsCommand::Update { agent, name, active, default, no_menu, settings } => {
            let patch = AgentPatch {
                name,
                system_prompt: settings.system_prompt,
                llm_model: settings.llm_model,
                temperature: settings.temperature,
                max_tokens: settings.max_tokens,
                locale: settings.locale,
                welcome: settings.welcome,
                whatsapp_phone_number: settings.whatsapp_phone_number,
                menu: match settings.menu.as_deref() {
                    Some(file) => Some(Some(menu(file)?)),
                    None => no_menu.then_some(None),
                },
                is_active: active,
                is_default: default.then_some(true),
            };
            let id = engine.find_agent(&agent).await?.id;
            let agent = engine.update_agent(id, patch).await?;
            audit::note(&engine, "agents:update", Some(id.to_string()), json!({})).await;
            printer.result(&agent, show)?;
        }
        AgentsCommand::Delete { agent } => {
            let agent = engine.find_agent(&agent).await?;
            engine.delete_agent(agent.id).await?;
            audit::note(&engine, "agents:delete", Some(agent.id.to_string()), json!({})).await;
            printer.result(&json!({ "deleted": agent }), |_| format!("Deleted {}.", agent.name))?;
        }
    }
    engine.close().await?;
    Ok(Exit::Success)
}

/// A menu from a file, as the API takes it.
fn menu(file: &Path) -> Result<Menu> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
            .map_err(|e| Error::io("read", Path::new("standard input"), e))
    } else {
        std::fs::read_to_string(file).map_err(|e| Error::io("read", file, e))
    };
    let menu = serde_json::from_str(&text?);
    Ok(menu.map_err(|e| Error::invalid(format!("{} is not a menu: {e}", file.display())))?)
}

fn list(agents: &[Agent], printer: &Printer) -> String {
    let columns = [
        Column::Id("ID"),
        Column::Cut("NAME", 16),
        Column::Whole("LOCALE"),
        Column::Whole("ACTIVE"),
        Column::Whole("DEFAULT"),
        Column::Wide("MODEL"),
        Column::Wide("WHATSAPP"),
    ];
    let yes = |b: bool| if b { "yes" } else { "no" };
    let row = |a: &Agent| {
        vec![
            a.id.into(),
            a.name.as_str().into(),
            a.locale.into(),
            yes(a.is_active).into(),
            yes(a.is_default).into(),
            a.llm_model.as_deref().unwrap_or_default().into(),
            a.whatsapp_phone_number.as_deref().unwrap_or_default().into(),
        ]
    };
    printer.table(&columns, agents.iter().map(row).collect())
}

fn show(agent: &Agent) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "(default)".to_owned());
    let number = |value: Option<String>| value.unwrap_or_else(|| "(default)".to_owned());
    let mut out = format!(
        "id: {}\nname: {}\nlocale: {}\nactive: {}\ndefault: {}\nllm model: {}\ntemperature: {}\nmax tokens: {}\n\
         whatsapp: {}\nsystem prompt: {}\nwelcome: {}\n",
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
        text(&agent.welcome),
    );
    if let Some(menu) = &agent.menu {
        out.push_str(&show_menu(menu));
    }
    out
}

fn show_menu(menu: &Menu) -> String {
    let mut out = format!("menu (asked for by: {}):\n", menu.words.join(", "));
    for row in &menu.rows {
        let asks = row.asks.as_deref().unwrap_or(&row.title);
        out.push_str(&format!("  {}: {} → {asks}\n", row.id, row.title));
    }
    if menu.person {
        out.push_str("  person: calls a person\n");
    }
    out
}
