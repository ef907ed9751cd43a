//! Conversations: one for each customer and business number, who has it in hand, and the burst that is
//! being waited for.
//!
//! Reading them for people is in `conversation_lists.rs`.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::inbox::{Desk, NumberOwner, organization_of};
use super::rows::Cells;
use super::{NewJob, Store, contacts, replies, rows, unanswered};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{
    AgentId, ContactId, Conversation, ConversationId, ConversationStatus, Hands, InboxEvent, InboxEventKind,
    OrganizationId,
};

/// Characters of a message that lists show.
const PREVIEW: usize = 120;

/// The columns of a conversation `v` and its contact `k`.
pub(super) fn columns() -> String {
    format!(
        "v.id, v.phone_number_id, {}, v.agent_id, v.status, v.state, v.state_version, v.human_since,
         v.person_wanted_at, v.relayed_at, v.last_inbound_at, v.last_message_at, v.last_text, v.unread, v.created_at",
        contacts::COLUMNS
    )
}

/// Reads [`columns`], which come first in the statement.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let mut cells = Cells::of(row);
    Ok(Conversation {
        id: cells.parsed()?,
        phone_number_id: cells.get()?,
        contact: contacts::read(&mut cells)?,
        agent_id: cells.parsed_opt()?,
        status: cells.word("status", ConversationStatus::from_stored)?,
        state: cells.word("state", Hands::from_stored)?,
        state_version: cells.get()?,
        human_since: cells.get()?,
        person_wanted_at: cells.get()?,
        relayed_at: cells.get()?,
        // Merging two conversations in which nobody wrote leaves an empty text.
        last_inbound_at: cells.get::<Option<String>>()?.filter(|time| !time.is_empty()),
        last_message_at: cells.get()?,
        last_text: cells.get()?,
        unread: cells.get()?,
        created_at: cells.get()?,
    })
}

pub(super) fn by_id(
    c: &Connection,
    organization: OrganizationId,
    id: ConversationId,
) -> Result<Option<Conversation>> {
    let sql = format!(
        "SELECT {} FROM conversations v JOIN contacts k ON k.id = v.contact_id
         WHERE v.organization_id = ?1 AND v.id = ?2",
        columns()
    );
    let values = params![organization.to_string(), id.to_string()];
    Ok(c.prepare_cached(&sql)?.query_row(values, read).optional()?)
}

/// The conversation of a contact on a business number; begun if there is none.
pub(super) fn of_contact(
    desk: &Desk<'_>,
    owner: NumberOwner,
    phone_number_id: &str,
    contact: ContactId,
) -> Result<ConversationId> {
    let c = desk.connection;
    let sql = "SELECT id FROM conversations WHERE phone_number_id = ?1 AND contact_id = ?2";
    let values = params![phone_number_id, contact.to_string()];
    let found = c.prepare_cached(sql)?.query_row(values, |row| rows::parsed(row, "id")).optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    let id = ConversationId(desk.clock.new_id());
    let sql = "INSERT INTO conversations (id, organization_id, phone_number_id, contact_id, agent_id,
                                          last_message_at, created_at, updated_at)
               VALUES (?1, ?2, ?3, ?4, (SELECT id FROM agents WHERE id = ?5), ?6, ?6, ?6)";
    let values = params![
        id.to_string(),
        owner.organization.to_string(),
        phone_number_id,
        contact.to_string(),
        owner.agent.map(|a: AgentId| a.to_string()),
        desk.now,
    ];
    c.prepare_cached(sql)?.execute(values)?;
    Ok(id)
}

/// The customer wrote.
pub(super) fn heard(desk: &Desk<'_>, id: ConversationId, text: &str, sent_at: DateTime<Utc>) -> Result<()> {
    let sql = "UPDATE conversations
               SET unread = unread + 1, last_text = ?2, last_message_at = ?3,
                   last_inbound_at = MAX(COALESCE(last_inbound_at, ''), ?4), updated_at = ?3,
                   status = CASE status WHEN 'archived' THEN 'active' ELSE status END
               WHERE id = ?1";
    let values = params![id.to_string(), preview(text), desk.now, format_timestamp(sent_at)];
    desk.connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// The business wrote.
pub(super) fn said(desk: &Desk<'_>, id: ConversationId, text: &str) -> Result<()> {
    let sql = "UPDATE conversations SET unread = 0, last_text = ?2, last_message_at = ?3, updated_at = ?3
               WHERE id = ?1";
    desk.connection.prepare_cached(sql)?.execute(params![id.to_string(), preview(text), desk.now])?;
    Ok(())
}

/// One more message of a burst, which a job is to deal with: when it is over now. What is being made without having
/// seen it is outdated.
pub(super) fn extend_burst(
    desk: &Desk<'_>,
    id: ConversationId,
    quiet: TimeDelta,
    quiet_max: TimeDelta,
) -> Result<DateTime<Utc>> {
    let c = desk.connection;
    let sql = "SELECT burst_since FROM conversations WHERE id = ?1";
    let since: Option<DateTime<Utc>> =
        c.prepare_cached(sql)?.query_row([id.to_string()], |row| rows::parsed_opt(row, "burst_since"))?;
    // A clock that was set back must not hold an answer up.
    let since = since.filter(|since| *since <= desk.time).unwrap_or(desk.time);
    let due = (desk.time + quiet).min(since + quiet_max);
    let sql = "UPDATE conversations SET burst_since = ?2, due_at = ?3, inbound_count = inbound_count + 1
               WHERE id = ?1";
    let values = params![id.to_string(), format_timestamp(since), format_timestamp(due)];
    c.prepare_cached(sql)?.execute(values)?;
    Ok(due)
}

/// A person of the business wrote: it is theirs, and what the agent was about to say is not said.
pub(super) fn human_spoke(desk: &Desk<'_>, id: ConversationId) -> Result<()> {
    hand_over(desk, id, Hands::Human)?;
    no_longer_wanted(desk, id)?;
    replies::cancel_drafts(desk, id)
}

/// The customer waits for a person, from the first time they asked.
pub(super) fn person_wanted(desk: &Desk<'_>, id: ConversationId) -> Result<()> {
    let sql = "UPDATE conversations SET person_wanted_at = COALESCE(person_wanted_at, ?2) WHERE id = ?1";
    desk.connection.prepare_cached(sql)?.execute(params![id.to_string(), desk.now])?;
    Ok(())
}

/// A person turned to the customer, or decided that none is needed.
pub(super) fn no_longer_wanted(desk: &Desk<'_>, id: ConversationId) -> Result<()> {
    let sql = "UPDATE conversations SET person_wanted_at = NULL WHERE id = ?1";
    desk.connection.prepare_cached(sql)?.execute([id.to_string()])?;
    Ok(())
}

/// Puts a conversation into other hands, or renews the sign of life of the same ones. The agent's is on nobody's
/// phone.
pub(super) fn hand_over(desk: &Desk<'_>, id: ConversationId, to: Hands) -> Result<()> {
    let sql = "UPDATE conversations
               SET state = ?2, state_version = state_version + 1, refusals = 0, updated_at = ?3,
                   human_since = CASE WHEN ?2 = 'bot' THEN NULL ELSE COALESCE(human_since, ?3) END,
                   human_seen_at = CASE WHEN ?2 = 'bot' THEN NULL ELSE ?3 END,
                   relayed_at = CASE WHEN ?2 = 'bot' THEN NULL ELSE relayed_at END
               WHERE id = ?1";
    desk.connection.prepare_cached(sql)?.execute(params![id.to_string(), to.as_str(), desk.now])?;
    if to == Hands::Bot {
        let sql = "UPDATE conversations SET relay_to = NULL WHERE relay_to = ?1";
        desk.connection.prepare_cached(sql)?.execute([id.to_string()])?;
    }
    Ok(())
}

fn preview(text: &str) -> String {
    text.chars().take(PREVIEW).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Store {
    /// A conversation by id.
    pub async fn conversation(
        &self,
        organization: OrganizationId,
        id: ConversationId,
    ) -> Result<Option<Conversation>> {
        self.read(move |c| by_id(c, organization, id)).await
    }

    /// The conversation with somebody, by phone number or user id; begun if there is none.
    pub async fn conversation_with(
        &self,
        owner: NumberOwner,
        phone_number_id: String,
        address: String,
    ) -> Result<Conversation> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            let desk = Desk { connection: c, clock: &clock, now: &now, time };
            let contact = contacts::of_address(&desk, owner.organization, &address)?;
            let id = of_contact(&desk, owner, &phone_number_id, contact)?;
            let found = by_id(c, owner.organization, id)?;
            found.ok_or_else(|| crate::error::Error::internal("a conversation that was begun is gone"))
        })
        .await
    }

    /// A person puts a conversation into other hands; `None` if there is none. Given back to the agent, what the
    /// customer wrote last and nobody answered is the job's to answer, which `answer` makes.
    pub async fn hand_over(
        &self,
        organization: OrganizationId,
        id: ConversationId,
        to: Hands,
        answer: fn(OrganizationId, ConversationId) -> NewJob,
    ) -> Result<Option<InboxEvent>> {
        self.change(organization, id, move |desk| {
            hand_over(desk, id, to)?;
            no_longer_wanted(desk, id)?;
            match to {
                Hands::Human => replies::cancel_drafts(desk, id),
                Hands::Bot => unanswered::take_up(desk, organization, id, answer),
            }
        })
        .await
    }

    /// The agent goes on by itself in a conversation that nobody turned to; a customer who waits for a person goes
    /// on waiting. `None` if there is no such conversation.
    pub async fn resume(
        &self,
        organization: OrganizationId,
        id: ConversationId,
        answer: fn(OrganizationId, ConversationId) -> NewJob,
    ) -> Result<Option<InboxEvent>> {
        self.change(organization, id, move |desk| {
            hand_over(desk, id, Hands::Bot)?;
            unanswered::take_up(desk, organization, id, answer)
        })
        .await
    }

    /// Blocks, puts away or reopens a conversation; `None` if there is none.
    pub async fn set_conversation_status(
        &self,
        organization: OrganizationId,
        id: ConversationId,
        status: ConversationStatus,
    ) -> Result<Option<InboxEvent>> {
        self.change(organization, id, move |desk| {
            let sql = "UPDATE conversations SET status = ?2, updated_at = ?3 WHERE id = ?1";
            let values = params![id.to_string(), status.as_str(), desk.now];
            desk.connection.prepare_cached(sql)?.execute(values)?;
            let blocked = (status == ConversationStatus::Blocked).then_some(desk.now);
            let sql = "UPDATE contacts SET blocked_at = ?2
                       WHERE id = (SELECT contact_id FROM conversations WHERE id = ?1)";
            desk.connection.prepare_cached(sql)?.execute(params![id.to_string(), blocked])?;
            if status == ConversationStatus::Blocked { replies::cancel_drafts(desk, id) } else { Ok(()) }
        })
        .await
    }

    /// Marks everything in a conversation as read; `None` if there is none.
    pub async fn mark_conversation_read(
        &self,
        organization: OrganizationId,
        id: ConversationId,
    ) -> Result<Option<InboxEvent>> {
        self.change(organization, id, move |desk| {
            let sql = "UPDATE conversations SET unread = 0, updated_at = ?2 WHERE id = ?1";
            desk.connection.prepare_cached(sql)?.execute(params![id.to_string(), desk.now])?;
            Ok(())
        })
        .await
    }

    pub(super) async fn change<F>(
        &self,
        organization: OrganizationId,
        id: ConversationId,
        work: F,
    ) -> Result<Option<InboxEvent>>
    where
        F: FnOnce(&Desk<'_>) -> Result<()> + Send + 'static,
    {
        let clock = self.clock.clone();
        self.write(move |c| {
            let sql = "SELECT 1 FROM conversations WHERE organization_id = ?1 AND id = ?2";
            let values = params![organization.to_string(), id.to_string()];
            if c.prepare_cached(sql)?.query_row(values, |_| Ok(())).optional()?.is_none() {
                return Ok(None);
            }
            let time = clock.now();
            let now = format_timestamp(time);
            work(&Desk { connection: c, clock: &clock, now: &now, time })?;
            Ok(Some(InboxEvent {
                organization_id: organization_of(c, id)?,
                conversation_id: id,
                kind: InboxEventKind::Conversation,
                message_id: None,
            }))
        })
        .await
    }
}
