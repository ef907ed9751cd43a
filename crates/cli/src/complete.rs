//! What a shell offers while a name is typed: documents, agents, conversations.
//!
//! The deployment is the one of the configuration; one that cannot be opened offers nothing, in silence, for a
//! message would land in the middle of what is being typed.

use std::ffi::OsStr;

use agent_core::store::{ConversationFilter, DocumentFilter};
use agent_core::{Config, ConfigSources, Engine, Result};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

/// Things that are offered at most.
const MOST: u64 = 200;

/// Names of documents.
pub fn documents() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        offered(typed, async |engine| {
            let filter = DocumentFilter { limit: Some(MOST), ..DocumentFilter::default() };
            let (documents, _) = engine.documents(filter).await?;
            Ok(documents.into_iter().map(|document| (document.filename, document.id.to_string())).collect())
        })
    })
}

/// Names of agents.
pub fn agents() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        offered(typed, async |engine| {
            let agents = engine.agents().await?;
            Ok(agents.into_iter().map(|agent| (agent.name, agent.id.to_string())).collect())
        })
    })
}

/// Phone numbers of customers with a conversation; ids of those without a number.
pub fn conversations() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        offered(typed, async |engine| {
            let (found, _) = engine.conversations(ConversationFilter::default(), 1, 100).await?;
            let named = found.into_iter().map(|conversation| {
                let label = conversation.contact.label().to_owned();
                (conversation.contact.phone.unwrap_or_else(|| conversation.id.to_string()), label)
            });
            Ok(named.collect())
        })
    })
}

/// Those of the values that begin with what was typed, each with a word of explanation.
fn offered(
    typed: &OsStr,
    list: impl AsyncFnOnce(&Engine) -> Result<Vec<(String, String)>>,
) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Vec::new();
    };
    let found = runtime.block_on(async {
        let engine = Engine::open(Config::load(&ConfigSources::from_process())?).await?;
        let found = list(&engine).await;
        engine.close().await?;
        found
    });
    let candidates = found.unwrap_or_default().into_iter().filter(|(value, _)| value.starts_with(typed));
    candidates
        .map(|(value, help)| CompletionCandidate::new(crate::output::plain(&value)).help(Some(help.into())))
        .collect()
}
