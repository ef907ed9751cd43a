//! Conversations on WhatsApp: how fast webhooks are taken in, and how soon their answers are at Meta's.
//!
//! `webhook.rs` makes and posts what Meta does, `load.rs` posts as much as is taken, `answers.rs` what is
//! answered; Meta's side is the fake of the tests. `inbox.rs` is a measurement of its own, on conversations
//! that `filling.rs` made up.

mod answers;
mod filling;
pub mod inbox;
pub mod load;
mod webhook;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::report::Report;
use crate::server::Server;
use crate::setting::Setting;

/// Meta's id of the business number.
const NUMBER: &str = "106540352242922";
/// What webhooks are signed with.
const SECRET: &str = "app-secret-of-the-bench";

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        load::measure(setting, report).await?;
        answers::measure(setting, report).await
    })
}

/// Starts the daemon on `folder/data` with one business number, and waits until it is ready. `graph` is
/// where messages are sent to.
async fn start(setting: &Setting, folder: &Path, graph: &str, quiet_ms: u64) -> Result<Server> {
    let text = format!(
        "[whatsapp]\nbase_url = \"{graph}\"\naccess_token = \"token-of-the-bench\"\n\
         app_secret = \"{SECRET}\"\nverify_token = \"word-of-the-bench\"\nquiet_ms = {quiet_ms}\n\
         quiet_max_ms = 300000\n\n[whatsapp.channels.loja]\nphone_number_id = \"{NUMBER}\"\n"
    );
    let config = folder.join("whatsapp.toml");
    std::fs::write(&config, text).with_context(|| format!("cannot write {}", config.display()))?;
    let server = Server::agentd(&setting.options.agentd, &folder.join("data"), Some(&config))?;
    server.until_ready(&agent_core::net::client(Duration::from_mins(1), "bench")?).await?;
    Ok(server)
}
