//! `agentctl chat`

use std::io::{IsTerminal, stdin};
use std::path::Path;

use agent_core::engine::Chat;
use agent_core::model::Hands;
use agent_core::{Config, Engine, Error};
use anyhow::Result;
use serde_json::json;

use super::agent_id;
use crate::args::ChatArgs;
use crate::exit::Exit;
use crate::output::Printer;

/// Ends the conversation.
const END: &str = "/sair";
/// Begins another one.
const ANEW: &str = "/novo";

/// Talks to an agent, a message a line, and shows what a customer would read on WhatsApp.
pub async fn run(config: Config, args: &ChatArgs, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    let agent = agent_id(&engine, args.agent.as_deref()).await?;
    let mut chat = engine.begin_chat(agent).await?;
    let typed = stdin().is_terminal() && !printer.is_json();
    if typed {
        let name = &chat.agent().name;
        printer.note(format!("You write to {name} as a customer. {ANEW} begins anew; {END} or Ctrl-D ends."));
    }
    while let Some(line) = next_line(typed, printer)? {
        match line.trim() {
            "" => {}
            END => break,
            ANEW => chat = engine.begin_chat(agent).await?,
            text => say(&engine, &mut chat, text, printer).await?,
        }
    }
    engine.close().await?;
    Ok(Exit::Success)
}

/// The next line of standard input, asked for where somebody types; `None` at the end.
fn next_line(typed: bool, printer: &Printer) -> Result<Option<String>> {
    if typed {
        printer.piece("you: ")?;
    }
    let mut line = String::new();
    let read = stdin().read_line(&mut line);
    if read.map_err(|e| Error::io("read", Path::new("standard input"), e))? > 0 {
        return Ok(Some(line));
    }
    if typed {
        printer.line("")?;
    }
    Ok(None)
}

async fn say(engine: &Engine, chat: &mut Chat, text: &str, printer: &Printer) -> Result<()> {
    let replies = engine.chat_reply(chat, text).await?;
    if printer.is_json() {
        let state = chat.hands();
        return printer.json_line(&json!({ "message": text, "replies": replies, "state": state }));
    }
    for reply in &replies {
        printer.line(&format!("{reply}\n"))?;
    }
    if replies.is_empty() {
        printer.note(why_silent(chat));
    }
    Ok(())
}

fn why_silent(chat: &Chat) -> String {
    let why = if chat.wants_silence() {
        "no messages are wanted"
    } else if chat.hands() == Hands::Human {
        "it is a person's turn"
    } else {
        "there is nothing to say"
    };
    format!("(silence: {why}; {ANEW} begins anew)")
}
