//! `agentctl conversations`
//!
//! How conversations and messages look in a terminal is in `conversations/text.rs`.

mod text;

use agent_core::engine::ToSend;
use agent_core::model::{ConversationId, ConversationStatus, Hands};
use agent_core::store::ConversationFilter;
use agent_core::{Config, Engine, Error};
use anyhow::{Context, Result};
use serde_json::json;

use super::agent_id;
use crate::args::ConversationsCommand as Command;
use crate::exit::Exit;
use crate::output::Printer;
use crate::{audit, delivery, phone};

/// Lists, shows and searches conversations, writes in them, and puts them into other hands.
pub async fn run(config: Config, command: Command, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let mut exit = Exit::Success;
    match command {
        Command::List { state, agent, status, limit, page } => {
            let agent = agent_id(&engine, agent.as_deref()).await?;
            let filter = ConversationFilter { agent, state, status, ..ConversationFilter::default() };
            let (found, total) = engine.conversations(filter, page, limit.into()).await?;
            let value = json!({ "conversations": found, "total": total });
            printer.result(&value, |_| text::list(&found, total, printer.terminal()))?;
        }
        Command::Show { id, limit } => {
            show(&engine, engine.find_conversation(&id).await?, limit, printer).await?;
        }
        Command::Send { to, text, channel } => {
            exit = send(&engine, &to, text.join(" "), channel, printer).await?;
        }
        Command::Take { id } => {
            hand_over(&engine, engine.find_conversation(&id).await?, Hands::Human, printer).await?;
        }
        Command::Release { id } => {
            hand_over(&engine, engine.find_conversation(&id).await?, Hands::Bot, printer).await?;
        }
        Command::Read { id } => {
            let id = engine.find_conversation(&id).await?;
            engine.mark_conversation_read(id).await?;
            note(&engine, id, "read").await;
            printer.result(&engine.conversation(id).await?, |conversation| {
                format!("The conversation with {} is read.", text::name(conversation))
            })?;
        }
        Command::Block { id } => {
            set_status(&engine, engine.find_conversation(&id).await?, ConversationStatus::Blocked, printer)
                .await?;
        }
        Command::Archive { id } => {
            set_status(&engine, engine.find_conversation(&id).await?, ConversationStatus::Archived, printer)
                .await?;
        }
        Command::Reopen { id } => {
            set_status(&engine, engine.find_conversation(&id).await?, ConversationStatus::Active, printer)
                .await?;
        }
        Command::Note { id, text } => {
            let id = engine.find_conversation(&id).await?;
            let written = engine.add_note(id, None, &text.join(" ")).await?;
            note(&engine, id, "note").await;
            printer.result(&written, |_| "Noted.".to_owned())?;
        }
        Command::Search { words, limit } => {
            let messages = engine.search_messages(&words.join(" "), limit).await?;
            printer
                .result(&json!({ "messages": messages }), |_| text::found(&messages, printer.terminal()))?;
        }
        Command::Export { id } => {
            let id = engine.find_conversation(&id).await?;
            let everything = engine.export_conversation(id).await?;
            audit::note(&engine, "conversations:export", Some(id.to_string()), json!({})).await;
            let pretty = serde_json::to_string_pretty(&everything);
            printer.line(&pretty.context("the conversation cannot be written as JSON")?)?;
        }
    }
    engine.close().await?;
    Ok(exit)
}

/// Notes what was done in a conversation; never what was said.
async fn note(engine: &Engine, id: ConversationId, verb: &str) {
    audit::note(engine, "conversations:update", Some(id.to_string()), json!({ "verb": verb })).await;
}

async fn show(engine: &Engine, id: ConversationId, limit: u32, printer: &Printer) -> Result<()> {
    let conversation = engine.conversation(id).await?;
    let messages = engine.conversation_messages(id, None, limit).await?;
    let notes = engine.notes(id).await?;
    let value = json!({ "conversation": conversation, "messages": messages, "notes": notes });
    printer.result(&value, |_| text::show(&conversation, &messages, &notes, printer.terminal()))
}

async fn send(
    engine: &Engine,
    to: &str,
    message: String,
    channel: Option<String>,
    printer: &Printer,
) -> Result<Exit> {
    let by_phone = phone::looks_like_one(to);
    let known = if by_phone { None } else { Some(engine.find_conversation(to).await?) };
    let written = match known {
        Some(_) if channel.is_some() => {
            return Err(Error::invalid("a conversation has its channel: leave out --channel").into());
        }
        Some(id) => engine.write_as_person(id, message, None).await.map(|reply| (id, reply)),
        None => engine.send_message(ToSend { to: phone::typed(to), message, channel, user: None }).await,
    };
    let (conversation, reply) = written.map_err(|error| match error.code() {
        Some("window_closed") => {
            Error::new(error.kind(), format!("{error}: `agentctl templates send` sends one"))
        }
        _ => error,
    })?;
    note(engine, conversation, "send").await;
    let parts = engine.store().reply_parts(reply).await?;
    delivery::deliver(engine, conversation, &parts, printer).await
}

async fn hand_over(engine: &Engine, id: ConversationId, to: Hands, printer: &Printer) -> Result<()> {
    engine.hand_over(id, to).await?;
    note(engine, id, if to == Hands::Human { "take" } else { "release" }).await;
    printer.result(&engine.conversation(id).await?, |conversation| {
        let who = text::name(conversation);
        match to {
            Hands::Human => format!("The conversation with {who} is a person's: the agent is silent."),
            Hands::Bot => format!("The conversation with {who} is the agent's again."),
        }
    })
}

async fn set_status(
    engine: &Engine,
    id: ConversationId,
    status: ConversationStatus,
    printer: &Printer,
) -> Result<()> {
    engine.set_conversation_status(id, status).await?;
    note(engine, id, status.as_str()).await;
    printer.result(&engine.conversation(id).await?, |conversation| {
        format!("The conversation with {} is {}.", text::name(conversation), status.as_str())
    })
}
