//! `agentctl usage`

use agent_core::store::MonthOfUse;
use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::json;

use super::questions::usd;
use crate::exit::Exit;
use crate::output::Printer;
use crate::table::Column;

/// Shows what was used, month by month.
pub async fn run(config: Config, months: u32, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let months = engine.usage_by_month(months).await?;
    engine.close().await?;
    printer.result(&json!({ "months": months }), |_| list(&months, printer))?;
    Ok(Exit::Success)
}

fn list(months: &[MonthOfUse], printer: &Printer) -> String {
    if months.is_empty() {
        return "Nothing was asked yet.".to_owned();
    }
    let columns = [
        Column::Whole("MONTH"),
        Column::Number("MESSAGES"),
        Column::Number("QUESTIONS"),
        Column::Number("REFUSED"),
        Column::Number("CACHED"),
        Column::Number("TOKENS"),
        Column::Number("USD"),
    ];
    let row = |month: &MonthOfUse| {
        vec![
            month.month.as_str().into(),
            month.messages.into(),
            month.questions.into(),
            month.refused.into(),
            month.cached.into(),
            (month.prompt_tokens + month.completion_tokens).into(),
            format!("{:.2}", usd(month.cost_micros)).into(),
        ]
    };
    printer.table(&columns, months.iter().map(row).collect())
}
