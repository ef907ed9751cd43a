//! How an attempt at sending ended, and putting back what was given up.
//!
//! What a failure means is decided by `whatsapp/failure.rs`; what Meta tells later is in `delivery.rs`.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::inbox::{Desk, organization_of};
use super::sending::{REPEATED, unsent};
use super::{Store, rows};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{InboxEvent, InboxEventKind, MessageId, MessageStatus};

/// How an attempt at sending ended.
#[derive(Debug, Clone)]
pub enum SendOutcome {
    /// Meta took it, under this id.
    Accepted(String),
    /// It was not its turn yet: nothing went over the wire.
    TooEarly,
    /// It was certainly not sent; it may be tried again.
    Again {
        /// Meta's number of what was wrong.
        code: Option<i64>,
        /// What was wrong.
        message: String,
    },
    /// Nobody knows.
    Unknown {
        /// What happened.
        message: String,
    },
    /// It will not be sent.
    Failed {
        /// Meta's number of what was wrong.
        code: Option<i64>,
        /// What was wrong.
        message: String,
    },
}

fn conclude(desk: &Desk<'_>, id: MessageId, outcome: &SendOutcome) -> Result<Vec<InboxEvent>> {
    let c = desk.connection;
    let key = id.to_string();
    let note = |status: MessageStatus, code: Option<i64>, message: &str| -> Result<()> {
        let sql = "UPDATE messages SET status = ?2, status_at = ?3, error_message = ?5,
                          error_code = CASE WHEN error_code = ?6 AND ?2 <> 'failed' THEN error_code ELSE ?4 END
                   WHERE id = ?1 AND status IN ('queued', 'sending', 'unknown')";
        let values = params![key, status.as_str(), desk.now, code, message, REPEATED];
        c.prepare_cached(sql)?.execute(values)?;
        Ok(())
    };
    match outcome {
        SendOutcome::Accepted(whatsapp_id) => {
            // News of it may have come before the answer to the request.
            let sql = "UPDATE messages SET whatsapp_message_id = ?2, sent_at = COALESCE(sent_at, ?3),
                              status_at = CASE WHEN status IN ('queued', 'sending', 'unknown') THEN ?3 ELSE status_at END,
                              status = CASE WHEN status IN ('queued', 'sending', 'unknown') THEN 'sent' ELSE status END,
                              error_code = CASE WHEN status IN ('queued', 'sending', 'unknown') THEN NULL ELSE error_code END,
                              error_message = CASE WHEN status IN ('queued', 'sending', 'unknown') THEN NULL ELSE error_message END
                       WHERE id = ?1";
            c.prepare_cached(sql)?.execute(params![key, whatsapp_id, desk.now])?;
        }
        SendOutcome::TooEarly => {
            let sql = "UPDATE messages SET status = 'queued', attempts = attempts - 1
                       WHERE id = ?1 AND status = 'sending'";
            c.prepare_cached(sql)?.execute([&key])?;
        }
        SendOutcome::Again { code, message } => note(MessageStatus::Queued, *code, message)?,
        SendOutcome::Unknown { message } => note(MessageStatus::Unknown, None, message)?,
        SendOutcome::Failed { code, message } => {
            note(MessageStatus::Failed, *code, message)?;
            let sql = "UPDATE messages SET status = 'cancelled', status_at = ?2
                       WHERE reply_id = (SELECT reply_id FROM messages WHERE id = ?1)
                         AND direction = 'outbound' AND status = 'queued'";
            c.prepare_cached(sql)?.execute(params![key, desk.now])?;
            let sql = "SELECT reply_id FROM messages WHERE id = ?1";
            let reply: Option<String> =
                c.prepare_cached(sql)?.query_row([&key], |row| row.get(0)).optional()?.flatten();
            return reply.map_or_else(|| Ok(Vec::new()), |reply| unsent(c, &reply));
        }
    }
    let sql = "SELECT conversation_id FROM messages WHERE id = ?1";
    let conversation =
        c.prepare_cached(sql)?.query_row([&key], |row| rows::parsed(row, "conversation_id")).optional()?;
    let Some(conversation_id) = conversation else { return Ok(Vec::new()) };
    Ok(vec![InboxEvent {
        organization_id: organization_of(c, conversation_id)?,
        conversation_id,
        kind: InboxEventKind::Status,
        message_id: Some(id),
    }])
}

/// Puts the parts of a reply that were given up back where they were before they were first tried.
fn put_back(c: &Connection, reply: Uuid) -> Result<usize> {
    // What was cancelled for another reason than a failed part before it stays cancelled, and what Meta took
    // and failed to deliver is not sent again.
    let sql = "UPDATE messages SET status = 'queued', status_at = NULL, attempts = 0, cut_off = 0, error_code = NULL,
                      error_message = NULL
               WHERE reply_id = ?1 AND direction = 'outbound' AND whatsapp_message_id IS NULL
                 AND status IN ('failed', 'cancelled')
                 AND part >= (SELECT MIN(part) FROM messages WHERE reply_id = ?1 AND direction = 'outbound'
                                AND status = 'failed' AND whatsapp_message_id IS NULL)";
    Ok(c.prepare_cached(sql)?.execute([reply.to_string()])?)
}

impl Store {
    /// Makes the parts of a reply that were given up wait again, as if they had not been tried; how many.
    pub async fn put_reply_back(&self, reply: Uuid) -> Result<usize> {
        self.write(move |c| put_back(c, reply)).await
    }

    /// Records how an attempt ended; what to tell watchers.
    pub async fn conclude_sending(&self, id: MessageId, outcome: SendOutcome) -> Result<Vec<InboxEvent>> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            conclude(&Desk { connection: c, clock: &clock, now: &now, time }, id, &outcome)
        })
        .await
    }
}
