//! Sending what was just written, and saying how that went: no daemon is needed, and one does no harm.

use std::time::Duration;

use agent_core::Engine;
use agent_core::jobs::queue;
use agent_core::model::{ConversationId, Message, MessageId, MessageStatus};
use anyhow::Result;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::exit::Exit;
use crate::output::{Printer, plain};
use crate::stop;

/// How long what failed in passing is tried again, and how long a daemon that sends it is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause between two looks at what a daemon is sending.
const LOOK: Duration = Duration::from_millis(200);

/// What became of a reply.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    conversation_id: ConversationId,
    /// The status of the part that is not through; of the last one if all are.
    status: MessageStatus,
    /// Its parts, in order.
    messages: Vec<Message>,
}

/// Works the queue that sends, and reports on the parts of a reply; the exit code says whether they went out.
pub async fn deliver(
    engine: &Engine,
    conversation_id: ConversationId,
    parts: &[(MessageId, MessageStatus)],
    printer: &Printer,
) -> Result<Exit> {
    let stop = stop::on_ctrl_c(printer);
    engine.run_jobs_until_idle(&[queue::WHATSAPP_SEND], PATIENCE, stop.clone()).await?;
    let messages = settled(engine, parts).await?;
    let open = messages.iter().find(|message| !is_through(message));
    let status = open.or(messages.last()).map_or(MessageStatus::Unknown, |message| message.status);
    let exit = match open {
        None => Exit::Success,
        Some(_) if stop.requested() => Exit::Interrupted,
        Some(_) => Exit::Unavailable,
    };
    printer.result(&Delivery { conversation_id, status, messages }, text)?;
    Ok(exit)
}

/// The messages, once nobody is sending them any more.
async fn settled(engine: &Engine, parts: &[(MessageId, MessageStatus)]) -> Result<Vec<Message>> {
    let organization = engine.organization().id;
    let until = Instant::now() + PATIENCE;
    loop {
        let mut messages = Vec::new();
        for (id, _) in parts {
            messages.extend(engine.store().message(organization, *id).await?);
        }
        if !messages.iter().any(is_under_way) || Instant::now() >= until {
            return Ok(messages);
        }
        sleep(LOOK).await;
    }
}

/// Whether a daemon may be sending it right now; what waits after a failure says so.
fn is_under_way(message: &Message) -> bool {
    match message.status {
        MessageStatus::Sending => true,
        MessageStatus::Queued => message.error_message.is_none(),
        _ => false,
    }
}

fn is_through(message: &Message) -> bool {
    matches!(message.status, MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Read)
}

fn text(delivery: &Delivery) -> String {
    let open = delivery.messages.iter().find(|message| !is_through(message));
    let reason = open.and_then(|message| message.error_message.as_deref()).map(plain);
    let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    match delivery.status {
        MessageStatus::Received | MessageStatus::Sent | MessageStatus::Delivered | MessageStatus::Read => {
            match delivery.messages.len() {
                0 | 1 => "Sent.".to_owned(),
                parts => format!("Sent in {parts} messages."),
            }
        }
        MessageStatus::Queued | MessageStatus::Sending => {
            format!("waiting{because}; the daemon or `agentctl jobs run` goes on with it")
        }
        MessageStatus::Unknown => format!("nobody knows whether it was sent{because}"),
        MessageStatus::Failed => format!("failed{because}"),
        MessageStatus::Cancelled => "not sent: the conversation is blocked".to_owned(),
    }
}
