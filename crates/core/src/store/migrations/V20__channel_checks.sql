-- When a business number last worked, and how it failed last; no row: it was not tried yet.
CREATE TABLE whatsapp_channel_checks (
  phone_number_id TEXT PRIMARY KEY,
  worked_at TEXT,
  failed_at TEXT,
  failure TEXT
);

INSERT INTO whatsapp_channel_checks (phone_number_id, worked_at)
  SELECT phone_number_id, MAX(status_at) FROM messages
  WHERE direction = 'outbound' AND status IN ('sent', 'delivered', 'read') AND status_at IS NOT NULL
  GROUP BY phone_number_id;
