-- What a parser has to say of its reading of the current version: what was not read, what is not sure. JSON, a list.
ALTER TABLE documents ADD COLUMN parse_notes TEXT NOT NULL DEFAULT '[]';
