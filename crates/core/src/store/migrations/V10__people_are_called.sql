-- People are called: who waits for one, on whose phone a conversation goes on, and how telling somebody went.

-- Since when the customer waits for a person: nobody of the business wrote to them or took the conversation since.
ALTER TABLE conversations ADD COLUMN person_wanted_at TEXT;
-- Since when everything that is written goes to and from the owner's phone.
ALTER TABLE conversations ADD COLUMN relayed_at TEXT;
-- In the owner's own conversation: when they last said whom they write to (relay_to).
ALTER TABLE conversations ADD COLUMN relay_chosen_at TEXT;

CREATE INDEX idx_conversations_wanted ON conversations(phone_number_id, person_wanted_at)
  WHERE person_wanted_at IS NOT NULL;
CREATE INDEX idx_conversations_relayed ON conversations(phone_number_id, relayed_at) WHERE relayed_at IS NOT NULL;
CREATE INDEX idx_conversations_relay_to ON conversations(relay_to) WHERE relay_to IS NOT NULL;

-- What was written in the Business app: texts that come again and again are automatic.
CREATE INDEX idx_messages_echo ON messages(phone_number_id, content)
  WHERE direction = 'outbound' AND reply_id IS NULL;

-- How telling somebody of the business went, one row for each way of telling. No contents.
CREATE TABLE alerts (
  -- The same for all ways: the id of the job that began it.
  id TEXT NOT NULL,
  way TEXT NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  phone_number_id TEXT NOT NULL,
  -- Absent for the list of those who wait when the business opens.
  conversation_id TEXT REFERENCES conversations(id) ON DELETE CASCADE,
  reason TEXT NOT NULL,
  -- waiting, told or failed.
  state TEXT NOT NULL,
  error TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (id, way)
) WITHOUT ROWID;

CREATE INDEX idx_alerts_way ON alerts(phone_number_id, way, updated_at);
CREATE INDEX idx_alerts_conversation ON alerts(conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX idx_alerts_organization ON alerts(organization_id);
CREATE INDEX idx_alerts_updated ON alerts(updated_at);
