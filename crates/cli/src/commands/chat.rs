//! `agentctl chat`

use std::io::{IsTerminal, stdin};
use std::path::Path;

use agent_core::engine::Chat;
use agent_core::model::Hands;
use agent_core::{Config, Engine, Error};
use anyhow::Result;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use serde_json::json;

use super::agent_id;
use crate::args::ChatArgs;
use crate::exit::Exit;
use crate::output::{Printer, plain};

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
        printer.note(format!(
            "You write to {name} as a customer. {ANEW} begins anew; {END}, Ctrl-C or Ctrl-D ends."
        ));
    }
    let mut lines = Lines::new(typed)?;
    while let Some(line) = lines.next()? {
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

/// Where messages come from: an editor of lines, where somebody types, or standard input.
enum Lines {
    Typed(Box<DefaultEditor>),
    Piped,
}

impl Lines {
    /// The editor remembers what was typed in this chat: arrow keys bring it back.
    fn new(typed: bool) -> Result<Self> {
        if !typed {
            return Ok(Self::Piped);
        }
        let editor = DefaultEditor::new();
        let editor = editor.map_err(|e| Error::internal("the terminal cannot be typed in").with_source(e))?;
        Ok(Self::Typed(Box::new(editor)))
    }

    /// The next message; `None` at the end.
    fn next(&mut self) -> Result<Option<String>> {
        match self {
            Self::Typed(editor) => match tokio::task::block_in_place(|| editor.readline("you: ")) {
                Ok(line) => {
                    // Only what was typed already is lost if it is not remembered.
                    let _ = editor.add_history_entry(&line);
                    Ok(Some(line))
                }
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => Ok(None),
                Err(error) => Err(Error::internal("the terminal cannot be read").with_source(error).into()),
            },
            Self::Piped => {
                let mut line = String::new();
                let read = stdin().read_line(&mut line);
                let read = read.map_err(|e| Error::io("read", Path::new("standard input"), e))?;
                Ok((read > 0).then_some(line))
            }
        }
    }
}

async fn say(engine: &Engine, chat: &mut Chat, text: &str, printer: &Printer) -> Result<()> {
    let replies = engine.chat_reply(chat, text).await?;
    if printer.is_json() {
        let state = chat.hands();
        return printer.json_line(&json!({ "message": text, "replies": replies, "state": state }));
    }
    for reply in &replies {
        printer.line(&printer.terminal().wrap(&plain(reply), ""))?;
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
