//! Many conversations at once, written past the product: nobody would wait for millions of webhooks. The rows
//! are what the product would have written; answers lack their sources.

use std::path::Path;
use std::time::Duration;

use agent_core::clock::{Clock, ManualClock, SystemClock};
use anyhow::{Context, Result};
use rusqlite::{Connection, params};
use serde_json::json;

use super::NUMBER;
use super::webhook::{phone, wamid};
use crate::texts::{Random, texts};

/// A word that no made-up text has, and the number of messages that get it.
pub const RARE: &str = "ornitorrinco";
const RARE_MESSAGES: usize = 5;
/// Different texts; making one for each message would take longer than writing it.
const TEXTS: usize = 50_000;
/// The time from the first message to the last.
const DAYS: u64 = 30;
/// Of so many conversations a person has one.
const HUMAN: usize = 10;
/// A prime larger than any number of conversations: steps of it come to each of them once.
const STRIDE: usize = 2_654_435_761;

/// Fills the database of a new deployment, and gives the ids of the conversations.
///
/// Everybody writes once, then everybody gets an answer, and so on: the messages of a conversation lie as
/// far apart as they do in reality.
pub fn fill(file: &Path, conversations: usize, messages: usize) -> Result<Vec<String>> {
    let database = Connection::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    // Nobody else is there, and what breaks off is thrown away.
    database.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
         PRAGMA cache_size = -524288;",
    )?;
    let mut filling = Filling::new(&database, conversations, messages)?;
    filling.begin()?;
    for pass in 0..messages {
        filling.pass(pass)?;
    }
    let ids = filling.ids;
    // All at once; the daemon would do it with its first commit.
    database.execute_batch("INSERT INTO messages_text(messages_text) VALUES ('rebuild')")?;
    // Written out now, or the system does it while something is measured.
    std::fs::File::open(file)?.sync_all()?;
    Ok(ids)
}

struct Filling<'a> {
    database: &'a Connection,
    clock: ManualClock,
    /// Between two messages.
    step: Duration,
    random: Random,
    texts: Vec<String>,
    organization: String,
    conversations: usize,
    /// Messages of each.
    messages: usize,
    ids: Vec<String>,
}

impl<'a> Filling<'a> {
    fn new(database: &'a Connection, conversations: usize, messages: usize) -> Result<Self> {
        let span = Duration::from_hours(DAYS * 24);
        let millis = span.as_millis() as u64 / (conversations * messages) as u64;
        Ok(Self {
            database,
            clock: ManualClock::at(SystemClock.now() - span),
            step: Duration::from_millis(millis),
            random: Random::new(31),
            texts: texts(32, TEXTS, 2..=18),
            organization: database.query_row("SELECT id FROM organizations", [], |row| row.get(0))?,
            conversations,
            messages,
            ids: Vec::with_capacity(conversations),
        })
    }

    /// Makes the contacts and their conversations.
    fn begin(&mut self) -> Result<()> {
        self.database.execute_batch("BEGIN")?;
        for customer in 0..self.conversations {
            let (contact, id) = (self.clock.new_id().to_string(), self.clock.new_id().to_string());
            let (organization, phone, now) = (&self.organization, phone(customer), self.clock.timestamp());
            let name = format!("Cliente {customer}");
            let sql = "INSERT INTO contacts (id, organization_id, name, phone, created_at, updated_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
            self.database.prepare_cached(sql)?.execute(params![contact, organization, name, phone, now])?;
            let sql = "INSERT INTO contact_identifiers (organization_id, key, contact_id, kind, value,
                                                        created_at)
                       VALUES (?1, ?2, ?3, 'phone', ?2, ?4)";
            self.database.prepare_cached(sql)?.execute(params![organization, phone, contact, now])?;
            let human = customer.is_multiple_of(HUMAN);
            let sql = "INSERT INTO conversations (id, organization_id, phone_number_id, contact_id, state,
                                                  human_since, human_seen_at, last_message_at,
                                                  created_at, updated_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?7, ?7)";
            let (state, since) = if human { ("human", Some(&now)) } else { ("bot", None) };
            let values = params![id, organization, NUMBER, contact, state, since, now];
            self.database.prepare_cached(sql)?.execute(values)?;
            self.ids.push(id);
        }
        Ok(self.database.execute_batch("COMMIT")?)
    }

    /// One message in every conversation: the customer's, or in every other pass the answer.
    fn pass(&mut self, pass: usize) -> Result<()> {
        self.database.execute_batch("BEGIN")?;
        let apart = (self.conversations * self.messages).div_ceil(RARE_MESSAGES);
        let last = pass + 1 == self.messages;
        for place in 0..self.conversations {
            let customer = place * STRIDE % self.conversations;
            let number = pass * self.conversations + place;
            let mut text = self.texts[self.random.below(TEXTS)].clone();
            if number.is_multiple_of(apart) {
                text = format!("{text} {RARE}");
            }
            self.message(customer, number, &text, pass.is_multiple_of(2))?;
            if last {
                self.look_at(customer, &text)?;
            }
            self.clock.advance(self.step);
        }
        Ok(self.database.execute_batch("COMMIT")?)
    }

    fn message(&self, customer: usize, number: usize, text: &str, inbound: bool) -> Result<()> {
        let (wamid, now) = (wamid(number), self.clock.timestamp());
        let (direction, author, status, details) = if inbound {
            let seconds = self.clock.now().timestamp().to_string();
            let raw = json!({ "from": phone(customer), "id": wamid, "timestamp": seconds,
                              "type": "text", "text": { "body": text } });
            ("inbound", "customer", "received", raw.to_string())
        } else {
            ("outbound", "bot", "read", "{}".to_owned())
        };
        let sql = "INSERT INTO messages (id, organization_id, conversation_id, phone_number_id, direction,
                                         author, whatsapp_message_id, message_type, content, details, status,
                                         is_from_rag, sent_at, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'text', ?8, ?9, ?10, ?11, ?12, ?12)";
        let values = params![
            self.clock.new_id().to_string(),
            self.organization,
            self.ids[customer],
            NUMBER,
            direction,
            author,
            wamid,
            text,
            details,
            status,
            !inbound,
            now,
        ];
        self.database.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// What lists show of a conversation: its latest message.
    fn look_at(&self, customer: usize, text: &str) -> Result<()> {
        let preview: String = text.chars().take(120).collect();
        let inbound = self.messages.div_ceil(2) as u32;
        let sql = "UPDATE conversations SET inbound_count = ?2, last_inbound_at = ?3, last_message_at = ?3,
                          last_text = ?4, updated_at = ?3 WHERE id = ?1";
        let values = params![self.ids[customer], inbound, self.clock.timestamp(), preview];
        self.database.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}
