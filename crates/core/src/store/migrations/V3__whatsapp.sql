-- What came in over webhooks, who writes to the business, what was said, and what is to be sent.

CREATE TABLE webhook_events (
  id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  -- The sender's own id, where it has one.
  event_id TEXT,
  -- The body as it was signed.
  payload BLOB NOT NULL,
  -- What could not be read in it, one line each; never contents.
  remarks TEXT NOT NULL DEFAULT '',
  received_at TEXT NOT NULL
);

CREATE UNIQUE INDEX idx_webhook_events_id ON webhook_events(source, event_id) WHERE event_id IS NOT NULL;
CREATE INDEX idx_webhook_events_received ON webhook_events(received_at);

CREATE TABLE contacts (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  name TEXT,
  username TEXT,
  -- How to reach them: one of the two is there.
  phone TEXT,
  user_id TEXT,
  opted_out_at TEXT,
  blocked_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);

-- A person has many identifiers; an identifier belongs to one person. The key is what is compared: for
-- a phone number its canonical form, for everything else the value.
CREATE TABLE contact_identifiers (
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  contact_id TEXT NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (organization_id, key)
) WITHOUT ROWID;

CREATE INDEX idx_contact_identifiers_contact ON contact_identifiers(contact_id);

CREATE TABLE conversations (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  -- Meta's id of the business number.
  phone_number_id TEXT NOT NULL,
  contact_id TEXT NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  agent_id TEXT REFERENCES agents(id) ON DELETE SET NULL,
  status TEXT NOT NULL DEFAULT 'active',
  -- Who answers: bot or human.
  state TEXT NOT NULL DEFAULT 'bot',
  -- Counts every change of hands and every human reply: an answer begun before one is not sent.
  state_version INTEGER NOT NULL DEFAULT 0,
  -- Since when a person has it, and the last sign of one.
  human_since TEXT,
  human_seen_at TEXT,
  -- Counts what the customer wrote: a draft that has not seen all of it is thought over again.
  inbound_count INTEGER NOT NULL DEFAULT 0,
  -- The burst that is being waited for: its first message, and when to answer.
  burst_since TEXT,
  due_at TEXT,
  -- Questions in a row that the documents did not answer.
  refusals INTEGER NOT NULL DEFAULT 0,
  -- The conversation that the owner's next message belongs to.
  relay_to TEXT,
  last_inbound_at TEXT,
  last_message_at TEXT NOT NULL,
  last_text TEXT NOT NULL DEFAULT '',
  unread INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (phone_number_id, contact_id)
);

CREATE INDEX idx_conversations_latest ON conversations(organization_id, last_message_at DESC, id DESC);
CREATE INDEX idx_conversations_agent
  ON conversations(organization_id, agent_id, last_message_at DESC, id DESC);
CREATE INDEX idx_conversations_state
  ON conversations(organization_id, state, last_message_at DESC, id DESC);
CREATE INDEX idx_conversations_contact ON conversations(contact_id);

CREATE TABLE messages (
  -- Also the row of the full-text index.
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  phone_number_id TEXT NOT NULL,
  direction TEXT NOT NULL,
  -- customer, bot, human or system.
  author TEXT NOT NULL,
  user_id TEXT REFERENCES users(id) ON DELETE SET NULL,
  whatsapp_message_id TEXT,
  message_type TEXT NOT NULL,
  content TEXT NOT NULL,
  -- What the type has beside its text, as JSON.
  details TEXT NOT NULL DEFAULT '{}',
  reply_to TEXT,
  -- Inbound: what is to be done about it, and whether it still is.
  act TEXT,
  pending INTEGER NOT NULL DEFAULT 0,
  -- Inbound: the answer it got. Outbound: the answer it is a part of.
  reply_id TEXT,
  part INTEGER NOT NULL DEFAULT 0,
  -- Outbound: queued, sending, unknown, sent, delivered, read, failed, cancelled. Inbound: received.
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Outbound: the conversation's state_version when it was made.
  state_version INTEGER NOT NULL DEFAULT 0,
  error_code INTEGER,
  error_message TEXT,
  is_from_rag INTEGER NOT NULL DEFAULT 0,
  rag_sources TEXT,
  query_id TEXT,
  processing_time_ms INTEGER,
  -- Inbound: the customer's clock. Outbound: when it was handed over.
  sent_at TEXT,
  status_at TEXT,
  edited_at TEXT,
  revoked_at TEXT,
  created_at TEXT NOT NULL
);

CREATE UNIQUE INDEX idx_messages_whatsapp
  ON messages(phone_number_id, whatsapp_message_id) WHERE whatsapp_message_id IS NOT NULL;
CREATE INDEX idx_messages_conversation ON messages(conversation_id, number);
CREATE INDEX idx_messages_pending ON messages(conversation_id) WHERE pending = 1;
CREATE INDEX idx_messages_reply ON messages(reply_id) WHERE reply_id IS NOT NULL;
CREATE INDEX idx_messages_unsent ON messages(conversation_id)
  WHERE direction = 'outbound' AND status IN ('queued', 'sending', 'unknown');
CREATE INDEX idx_messages_created ON messages(organization_id, created_at);

CREATE VIRTUAL TABLE messages_text USING fts5(
  content, content='messages', content_rowid='number', tokenize="unicode61 remove_diacritics 2"
);

CREATE TRIGGER messages_text_added AFTER INSERT ON messages BEGIN
  INSERT INTO messages_text(rowid, content) VALUES (new.number, new.content);
END;
CREATE TRIGGER messages_text_removed AFTER DELETE ON messages BEGIN
  INSERT INTO messages_text(messages_text, rowid, content) VALUES ('delete', old.number, old.content);
END;
CREATE TRIGGER messages_text_changed AFTER UPDATE OF content ON messages WHEN old.content <> new.content BEGIN
  INSERT INTO messages_text(messages_text, rowid, content) VALUES ('delete', old.number, old.content);
  INSERT INTO messages_text(rowid, content) VALUES (new.number, new.content);
END;

CREATE TABLE conversation_notes (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users(id) ON DELETE SET NULL,
  content TEXT NOT NULL,
  created_at TEXT NOT NULL
);

CREATE INDEX idx_conversation_notes ON conversation_notes(conversation_id, created_at);

CREATE TABLE whatsapp_templates (
  phone_number_id TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  status TEXT NOT NULL,
  category TEXT NOT NULL,
  components TEXT NOT NULL,
  synced_at TEXT NOT NULL,
  PRIMARY KEY (phone_number_id, name, language)
);

-- What Meta said last about a business number; no row: nothing bad.
CREATE TABLE whatsapp_channels (
  phone_number_id TEXT PRIMARY KEY,
  broken_since TEXT,
  reason TEXT,
  -- Nothing is sent before, because Meta asked for a pause.
  paused_until TEXT,
  updated_at TEXT NOT NULL
);
