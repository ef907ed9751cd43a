-- Lists of conversations are counted and leafed through without reading a single conversation: whatever they
-- are filtered by lies in their index.
DROP INDEX idx_conversations_latest;
CREATE INDEX idx_conversations_latest ON conversations(
  organization_id, last_message_at DESC, id DESC, status, state, phone_number_id, agent_id);
DROP INDEX idx_conversations_human;
CREATE INDEX idx_conversations_human ON conversations(
  organization_id, last_message_at DESC, id DESC, status, state, phone_number_id, agent_id)
  WHERE state = 'human';
