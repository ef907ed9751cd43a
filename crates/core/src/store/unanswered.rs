//! What a customer wrote that nobody answered: taken up when the agent gets the conversation back, and shown to
//! an owner who turns to it. The agent gets it back, too, when what a person wrote was never sent.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::inbox::Desk;
use super::lane::{Pending, pending};
use super::{NewJob, Store, WINDOW, conversations, jobs, rows};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{ConversationId, Hands, InboxEvent, InboxEventKind, MessageId, OrganizationId};

/// Messages of a customer that ask for an answer and came after the last word of the business. What the Business
/// app says by itself is no such word. Older ones than a day could not be answered freely.
const UNANSWERED: &str =
    "conversation_id = ?1 AND direction = 'inbound' AND act IS NOT NULL AND revoked_at IS NULL
     AND created_at > ?2
     AND number > COALESCE((SELECT MAX(number) FROM messages
                            WHERE conversation_id = ?1 AND direction = 'outbound'
                              AND status NOT IN ('failed', 'cancelled')
                              AND (author <> 'system' OR reply_id IS NOT NULL)), 0)";

/// Makes them the job's to answer.
pub(super) fn take_up(
    desk: &Desk<'_>,
    organization: OrganizationId,
    conversation: ConversationId,
    answer: fn(OrganizationId, ConversationId) -> NewJob,
) -> Result<()> {
    let c = desk.connection;
    let sql = format!("UPDATE messages SET pending = 1, reply_id = NULL WHERE pending = 0 AND {UNANSWERED}");
    let values = params![conversation.to_string(), format_timestamp(desk.time - WINDOW)];
    c.prepare_cached(&sql)?.execute(values)?;
    let sql = "SELECT 1 FROM messages WHERE conversation_id = ?1 AND pending = 1";
    if c.prepare_cached(sql)?.exists([conversation.to_string()])? {
        jobs::insert(c, desk.clock.new_id(), &answer(organization, conversation), desk.now)?;
    }
    Ok(())
}

/// A person's message was never said: did it alone take the conversation over, the agent has it again. What to tell
/// watchers, if so.
pub(super) fn give_back_unsaid(
    desk: &Desk<'_>,
    message: MessageId,
    answer: fn(OrganizationId, ConversationId) -> NewJob,
) -> Result<Option<InboxEvent>> {
    let sql =
        "SELECT v.organization_id, v.id FROM messages m JOIN conversations v ON v.id = m.conversation_id
               WHERE m.id = ?1 AND m.author = 'human' AND m.status = 'failed' AND v.state = 'human'
                 AND v.human_since = m.created_at AND v.human_seen_at = m.created_at";
    let found = desk.connection.prepare_cached(sql)?.query_row([message.to_string()], |row| {
        Ok((rows::parsed(row, "organization_id")?, rows::parsed(row, "id")?))
    });
    let Some((organization_id, conversation_id)) = found.optional()? else { return Ok(None) };
    conversations::hand_over(desk, conversation_id, Hands::Bot)?;
    take_up(desk, organization_id, conversation_id, answer)?;
    let kind = InboxEventKind::Conversation;
    Ok(Some(InboxEvent { organization_id, conversation_id, kind, message_id: None }))
}

fn unanswered(c: &Connection, conversation: ConversationId, since: &str) -> Result<Vec<Pending>> {
    let sql = format!(
        "SELECT id, whatsapp_message_id, message_type, act, content, details, NULL AS quoted, sent_at, created_at
         FROM messages WHERE {UNANSWERED} ORDER BY COALESCE(sent_at, created_at), number"
    );
    let mut statement = c.prepare_cached(&sql)?;
    let found = statement.query_map(params![conversation.to_string(), since], pending)?;
    Ok(found.collect::<Result<_, _>>()?)
}

impl Store {
    /// Gives a conversation back to the agent that only this message of a person took over, if it was not sent; what
    /// to tell watchers, if it did.
    pub async fn give_back_unsaid(
        &self,
        message: MessageId,
        answer: fn(OrganizationId, ConversationId) -> NewJob,
    ) -> Result<Option<InboxEvent>> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            give_back_unsaid(&Desk { connection: c, clock: &clock, now: &now, time }, message, answer)
        })
        .await
    }

    /// Conversations that a person had and gave no sign in since a time, with their business number and whether the
    /// customer waits for one.
    pub async fn abandoned_by_people(
        &self,
        before: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<(OrganizationId, ConversationId, String, bool)>> {
        self.read(move |c| {
            let sql =
                "SELECT organization_id, id, phone_number_id, person_wanted_at IS NOT NULL FROM conversations
                       WHERE state = 'human' AND human_seen_at < ?1 LIMIT ?2";
            let mut statement = c.prepare_cached(sql)?;
            let found = statement.query_map(params![format_timestamp(before), most], |row| {
                let (organization, id) = (rows::parsed(row, "organization_id")?, rows::parsed(row, "id")?);
                Ok((organization, id, row.get(2)?, row.get(3)?))
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// What a customer wrote since the business last said something, oldest first; of the last 24 hours.
    pub async fn unanswered(&self, conversation: ConversationId) -> Result<Vec<Pending>> {
        let since = format_timestamp(self.clock.now() - WINDOW);
        self.read(move |c| unanswered(c, conversation, &since)).await
    }
}
