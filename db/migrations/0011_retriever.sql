-- A second vector of a chunk, by an encoder that was trained for this organisation: what it is
-- found by. The bundled encoder's vectors stay, and the decisions of the model go on with them.
ALTER TABLE chunks ADD COLUMN retrieval vector(384), ADD COLUMN retriever text; -- whose, or NULL
ALTER TABLE chunks ALTER COLUMN retrieval SET STORAGE PLAIN;
CREATE INDEX chunks_retriever ON chunks (retriever) WHERE thread IS NULL;
