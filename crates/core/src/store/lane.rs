//! What the lane of a conversation needs to answer what the customer wrote.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row};

use super::conversations::{self, columns};
use super::{Store, rows};
use crate::error::Result;
use crate::model::{Conversation, ConversationId, MessageId, OrganizationId};
use crate::store::Seen;

/// A message of a customer that is not dealt with.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its id.
    pub id: MessageId,
    /// Meta's id of it.
    pub whatsapp_id: String,
    /// What it is.
    pub kind: String,
    /// What is to be done.
    pub act: String,
    /// Its text.
    pub text: String,
    /// It as it came, as JSON.
    pub details: String,
    /// The text of the message that it quotes, if that is one of this conversation and is still there.
    pub quoted: Option<String>,
    /// By the customer's clock, else when it came.
    pub at: DateTime<Utc>,
}

/// A conversation as the lane finds it.
#[derive(Debug, Clone)]
pub struct LaneState {
    /// Its business.
    pub organization: OrganizationId,
    /// It.
    pub conversation: Conversation,
    /// What a reply has to find unchanged.
    pub seen: Seen,
    /// When the burst is over.
    pub due_at: Option<DateTime<Utc>>,
    /// Questions in a row that the documents did not answer.
    pub refusals: u32,
    /// When the person who has it gave the last sign.
    pub human_seen_at: Option<DateTime<Utc>>,
    /// In the owner's own conversation: the one that what they write goes to.
    pub relay_to: Option<ConversationId>,
    /// What was said last, as the buttons below it tell; `None` if nothing ever was.
    pub last_said: Option<String>,
    /// When they last said so.
    pub relay_chosen_at: Option<DateTime<Utc>>,
    /// What is to be dealt with, in the customer's order.
    pub pending: Vec<Pending>,
}

pub(super) fn pending(row: &Row<'_>) -> rusqlite::Result<Pending> {
    let sent: Option<DateTime<Utc>> = rows::parsed_opt(row, "sent_at")?;
    Ok(Pending {
        id: rows::parsed(row, "id")?,
        whatsapp_id: row.get("whatsapp_message_id")?,
        kind: row.get("message_type")?,
        act: row.get("act")?,
        text: row.get("content")?,
        details: row.get("details")?,
        quoted: row.get("quoted")?,
        at: sent.map_or_else(|| rows::parsed(row, "created_at"), Ok)?,
    })
}

/// The text of a quoted message of one direction, each by the index of its direction.
fn quoted(direction: &str) -> String {
    format!(
        "SELECT q.content FROM messages q
         WHERE q.phone_number_id = m.phone_number_id AND q.whatsapp_message_id = m.reply_to
           AND q.direction = '{direction}' AND q.whatsapp_message_id IS NOT NULL
           AND q.conversation_id = m.conversation_id AND q.revoked_at IS NULL AND q.content <> ''"
    )
}

impl Store {
    /// What the lane needs to deal with a conversation; `None` if it is gone.
    pub async fn lane_state(&self, id: ConversationId) -> Result<Option<LaneState>> {
        self.read(move |c| {
            let key = id.to_string();
            let sql = format!(
                "SELECT {}, v.organization_id, v.inbound_count, v.due_at, v.refusals, v.human_seen_at, v.relay_to,
                        v.relay_chosen_at
                 FROM conversations v JOIN contacts k ON k.id = v.contact_id WHERE v.id = ?1",
                columns()
            );
            let state = c.prepare_cached(&sql)?.query_row([&key], |row| {
                let conversation = conversations::read(row)?;
                Ok(LaneState {
                    organization: rows::parsed(row, "organization_id")?,
                    seen: Seen {
                        state_version: conversation.state_version,
                        inbound_count: row.get("inbound_count")?,
                    },
                    conversation,
                    due_at: rows::parsed_opt(row, "due_at")?,
                    refusals: row.get("refusals")?,
                    human_seen_at: rows::parsed_opt(row, "human_seen_at")?,
                    relay_to: rows::parsed_opt(row, "relay_to")?,
                    last_said: None,
                    relay_chosen_at: rows::parsed_opt(row, "relay_chosen_at")?,
                    pending: Vec::new(),
                })
            });
            let Some(mut state) = state.optional()? else { return Ok(None) };
            // Of whatever is quoted, only what was said in this conversation is looked at: an id proves nothing.
            let sql = format!(
                "SELECT m.id, m.whatsapp_message_id, m.message_type, m.act, m.content, m.details, m.sent_at, m.created_at,
                        COALESCE(({}), ({})) AS quoted
                 FROM messages m WHERE m.conversation_id = ?1 AND m.pending = 1
                 ORDER BY COALESCE(m.sent_at, m.created_at), m.number",
                quoted("outbound"),
                quoted("inbound")
            );
            let mut statement = c.prepare_cached(&sql)?;
            let waiting = statement.query_map([&key], pending)?;
            state.pending = waiting.collect::<Result<_, _>>()?;
            let sql = "SELECT details FROM messages WHERE conversation_id = ?1 AND direction = 'outbound'
                         AND status NOT IN ('cancelled', 'failed') ORDER BY number DESC LIMIT 1";
            state.last_said = c.prepare_cached(sql)?.query_row([&key], |row| row.get(0)).optional()?;
            Ok(Some(state))
        })
        .await
    }
}
