-- Which terms a chunk has, as full-text search knows them: a hash of four bytes each, in order. NULL for chunks
-- from before; they are looked through then.
ALTER TABLE document_chunks ADD COLUMN terms BLOB;
