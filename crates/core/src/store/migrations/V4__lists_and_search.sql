-- Messages go into the full-text index once a commit (store/writer.rs), not row by row: the index writes
-- itself out at every savepoint that touches it, and every webhook is a savepoint. What is indexed is what
-- messages_text_docsize knows; a message that is not yet, must not be taken out.

DROP TRIGGER messages_text_added;
DROP TRIGGER messages_text_removed;
DROP TRIGGER messages_text_changed;

CREATE TRIGGER messages_text_removed AFTER DELETE ON messages
WHEN EXISTS (SELECT 1 FROM messages_text_docsize WHERE id = old.number) BEGIN
  INSERT INTO messages_text(messages_text, rowid, content) VALUES ('delete', old.number, old.content);
END;
CREATE TRIGGER messages_text_changed AFTER UPDATE OF content ON messages
WHEN old.content <> new.content AND EXISTS (SELECT 1 FROM messages_text_docsize WHERE id = old.number) BEGIN
  INSERT INTO messages_text(messages_text, rowid, content) VALUES ('delete', old.number, old.content);
  INSERT INTO messages_text(rowid, content) VALUES (new.number, new.content);
END;

-- Documents are listed newest first: a page reads its own rows and sorts none.
CREATE INDEX idx_documents_newest ON documents(organization_id, created_at DESC, id DESC);

-- A customer's message moves its conversation in every index of the latest: one is enough. Few conversations
-- are in the hands of people, and an agent's are found on the way.
DROP INDEX idx_conversations_state;
DROP INDEX idx_conversations_agent;
CREATE INDEX idx_conversations_human ON conversations(organization_id, last_message_at DESC, id DESC)
  WHERE state = 'human';
