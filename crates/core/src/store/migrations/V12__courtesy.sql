-- What became of a question: 'answered', 'refused', 'courtesy' (nothing was asked) or 'request' (something is to be
-- done). `refused` says the same of refusals and stays, for whoever reads the table.
ALTER TABLE rag_queries ADD COLUMN outcome TEXT NOT NULL DEFAULT 'answered';
UPDATE rag_queries SET outcome = 'refused' WHERE refused = 1;

-- What the agent answers a greeting with.
ALTER TABLE agents ADD COLUMN welcome TEXT;
