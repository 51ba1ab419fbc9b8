-- What is searched and quoted: pieces of pages with their context.
CREATE TABLE chunks (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    page_id bigint NOT NULL REFERENCES pages ON DELETE CASCADE,
    thread text, -- as in pages; here too, so that a search needs no join to leave it out
    ordinal int NOT NULL,
    heading text[] NOT NULL DEFAULT '{}', -- the headings above it, outermost first
    text text NOT NULL,
    sentences text[] NOT NULL, -- verbatim; a table row or a list item is one sentence
    sentence_vectors bytea NOT NULL, -- float16, row by row: one vector of 384 a sentence
    links jsonb NOT NULL DEFAULT '[]', -- [text, URL] of every link in it
    embedding vector(384) NOT NULL, -- of title, heading path and text
    configuration regconfig NOT NULL, -- how its words were stemmed
    lexemes tsvector NOT NULL, -- of title, heading path and text
    length int NOT NULL, -- in lexemes
    UNIQUE (page_id, ordinal)
);

-- Vectors of float16 do not compress; trying costs time.
ALTER TABLE chunks ALTER COLUMN sentence_vectors SET STORAGE EXTERNAL;

CREATE INDEX chunks_thread ON chunks (thread) WHERE thread IS NOT NULL;

-- BM25, which PostgreSQL has not: for every word its chunks and how much each gains from it.
-- Chunks newer than lexical_state.newest are not in here yet; they are few and scored by a scan.
CREATE TABLE lexical_terms (
    term text COLLATE "C" PRIMARY KEY,
    frequency int NOT NULL, -- in how many chunks it stands
    ids bytea NOT NULL, -- int32 chunk ids, ascending, little-endian
    impacts bytea NOT NULL -- float32, parallel to ids: the BM25 gain, idf included
);
ALTER TABLE lexical_terms ALTER COLUMN ids SET STORAGE EXTERNAL;
ALTER TABLE lexical_terms ALTER COLUMN impacts SET STORAGE EXTERNAL;

CREATE TABLE lexical_state (
    newest int NOT NULL, -- the highest chunk id in lexical_terms
    documents int NOT NULL,
    average_length real NOT NULL,
    built_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO lexical_state (newest, documents, average_length) VALUES (0, 0, 1);

-- The stemmers in use: a question is stemmed by each of them.
CREATE TABLE chunk_configurations (configuration regconfig PRIMARY KEY);
INSERT INTO chunk_configurations VALUES ('english');
