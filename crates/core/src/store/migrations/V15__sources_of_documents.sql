-- A document that was ingested from a named source is told by its path below the root of that source, wherever the
-- folder lies on the day; others by their absolute path, as before, and their source is empty.
ALTER TABLE documents ADD COLUMN source TEXT NOT NULL DEFAULT '';
-- Where its file was read last. NULL: it came from no file, or was ingested before this column was there, and then
-- `path` says it.
ALTER TABLE documents ADD COLUMN location TEXT;

DROP INDEX idx_documents_path;
CREATE UNIQUE INDEX idx_documents_path ON documents(organization_id, source, path, IFNULL(agent_id, ''));
