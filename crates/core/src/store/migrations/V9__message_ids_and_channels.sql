-- Only the id of what came in says that it came before. What Meta gives our own messages is written down as it is:
-- a message that went out must not be refused afterwards because its id was seen elsewhere.
DROP INDEX idx_messages_whatsapp;
CREATE UNIQUE INDEX idx_messages_whatsapp_inbound ON messages(phone_number_id, whatsapp_message_id)
  WHERE direction = 'inbound' AND whatsapp_message_id IS NOT NULL;
CREATE INDEX idx_messages_whatsapp_outbound ON messages(phone_number_id, whatsapp_message_id)
  WHERE direction = 'outbound' AND whatsapp_message_id IS NOT NULL;

-- The channel whose address a webhook came to, empty for the address of all channels: whose secret it was signed
-- with. NULL for webhooks from before.
ALTER TABLE webhook_events ADD COLUMN channel TEXT;

-- Outbound: attempts that a crash cut off. Refusals are attempts too, and are none of these.
ALTER TABLE messages ADD COLUMN cut_off INTEGER NOT NULL DEFAULT 0;
