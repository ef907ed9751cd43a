//! `agentctl models test-chat`: what the configured chat service can do.

use agent_core::llm::{Ability, ChatTest, Finding};
use agent_core::{Config, Engine};
use anyhow::Result;

use crate::exit::Exit;
use crate::output::Printer;

/// Columns that a detail is broken at.
const WIDTH: usize = 60;

/// Asks the service, and says what was found out. Fails if it cannot be reached or gives no answer; what a model
/// lacks and the program can do without is no failure.
pub async fn run(config: &Config, model: Option<String>, printer: &Printer) -> Result<Exit> {
    let mut llm = config.llm.clone();
    if let Some(model) = model {
        llm.model = model;
    }
    printer.aside(format!("Asking {}; a slow model may take minutes…", llm.model));
    let found = Engine::test_chat(&llm).await?;
    printer.result(&found, text)?;
    Ok(Exit::Success)
}

fn text(found: &ChatTest) -> String {
    let mut out = format!(
        "{} at {} answers ({:.1} s)\n\n",
        found.model,
        found.address,
        std::time::Duration::from_millis(found.answer_ms).as_secs_f64()
    );
    out.extend(found.findings.iter().map(line));
    out
}

fn line(finding: &Finding) -> String {
    let ability = match finding.ability {
        Ability::Yes => "yes",
        Ability::No => "no",
        Ability::Unknown => "?",
    };
    let mut out = format!("{:<10} {ability:<4}", finding.name);
    let mut length = 0;
    for word in finding.detail.split(' ') {
        if length > 0 && length + word.chars().count() >= WIDTH {
            out.push_str("\n               ");
            length = 0;
        }
        out.push(' ');
        out.push_str(word);
        length += word.chars().count() + 1;
    }
    out.push('\n');
    out
}
