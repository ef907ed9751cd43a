//! `agentctl query`

use agent_core::engine::BatchAnswer;
use agent_core::model::Answer;
use agent_core::{Ask, Config, Engine};
use anyhow::Result;

use super::agent_id;
use crate::args::QueryArgs;
use crate::batch;
use crate::exit::Exit;
use crate::output::{Printer, plain};
use crate::terminal::{ASIDE, HEADING, Terminal};

/// Answers one question, or a batch with the model loaded once.
pub async fn run(config: Config, args: QueryArgs, printer: &Printer) -> Result<Exit> {
    let questions = args.batch.as_deref().map(batch::read).transpose()?;
    let engine = Engine::open(config).await?;
    let ask = Ask {
        question: args.question.unwrap_or_default(),
        agent_id: agent_id(&engine, args.agent.as_deref()).await?,
        top_k: args.top_k,
        min_score: args.min_score,
        // Whoever tries a service wants to know that it fails; customers want an answer.
        fallback: Some(args.fallback),
        ..Ask::default()
    };
    if let (Some(questions), Some(file)) = (questions, args.batch.as_deref()) {
        batch::check(&engine, file, &questions, &ask)?;
        for question in questions {
            let ask = Ask { question: question.question, ..ask.clone() };
            let answer = noted(engine.answer(&ask).await?, printer);
            printer.json_line(&BatchAnswer { id: question.id, answer })?;
        }
    } else if args.stream && !printer.is_json() {
        let mut broken = None;
        let mut shown = String::new();
        let mut show = |piece: &str| {
            shown.push_str(piece);
            // A reader that went away is told once, at the end.
            if broken.is_none() {
                broken = printer.piece(piece).err();
            }
        };
        let answer = noted(engine.answer_streaming(&ask, &mut show).await?, printer);
        if let Some(error) = broken {
            return Err(error);
        }
        printer.line("")?;
        if shown.trim() != answer.answer.trim() {
            // Something was wrong with what the model wrote: what counts is the corrected answer.
            printer.line("")?;
            printer.line(&answer.answer)?;
        }
        let sources = sources(&answer, printer.terminal());
        if !sources.is_empty() {
            printer.line(sources.trim_end())?;
        }
    } else {
        let answer = noted(engine.answer(&ask).await?, printer);
        printer.result(&answer, |answer| {
            let terminal = printer.terminal();
            format!("{}{}", terminal.wrap(&answer.answer, ""), sources(answer, terminal))
        })?;
    }
    engine.close().await?;
    Ok(Exit::Success)
}

/// The answer; whoever reads it learns if it was not written by the chat model that is configured.
fn noted(answer: Answer, printer: &Printer) -> Answer {
    if answer.fallback {
        printer.note("note: the chat service gave no answer; the documents are quoted instead");
    }
    answer
}

/// The sources for people, numbered as the answer cites them.
fn sources(answer: &Answer, terminal: Terminal) -> String {
    if answer.sources.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", terminal.paint(HEADING, "Sources:"));
    for (number, source) in answer.sources.iter().enumerate() {
        let score = terminal.paint(ASIDE, &format!("(score {:.2})", source.score));
        let name = plain(&source.document_name);
        out.push_str(&format!("  [{}] {name}, page {} {score}\n", number + 1, source.page_number));
    }
    out
}
