-- Search in a million chunks: BM25 in segments, and what a filter asks of pages by index.
DROP TABLE lexical_terms;
DROP TABLE lexical_state;

-- BM25, which PostgreSQL has not. A segment holds the words of the organisation's chunks whose ids
-- lie in (after_id, until_id], as they were when it was written; it never changes, it is replaced.
-- Chunks newer than every segment are few and scored by a scan.
CREATE TABLE lexical_segments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    after_id int NOT NULL,
    until_id int NOT NULL,
    documents int NOT NULL,
    words bigint NOT NULL, -- lengths of its chunks, summed up
    ids bytea NOT NULL -- int32 chunk ids, ascending, little-endian
);
ALTER TABLE lexical_segments ALTER COLUMN ids SET STORAGE EXTERNAL;

-- For every word the chunks of a segment that have it and what each gains, before the word's weight.
CREATE TABLE lexical_postings (
    term text COLLATE "C" NOT NULL,
    segment uuid NOT NULL,
    frequency int NOT NULL, -- in how many chunks of the segment it stands
    top real NOT NULL, -- the greatest gain
    positions bytea NOT NULL, -- int32 places in the segment's ids; empty for a frequent word
    gains bytea NOT NULL, -- float16, parallel; of a frequent word a byte for every chunk, 255 = top
    PRIMARY KEY (term, segment)
);
ALTER TABLE lexical_postings ALTER COLUMN positions SET STORAGE EXTERNAL;
ALTER TABLE lexical_postings ALTER COLUMN gains SET STORAGE EXTERNAL;

CREATE INDEX chunks_own ON chunks (id) INCLUDE (length) WHERE thread IS NULL;
CREATE INDEX pages_section ON pages (section) WHERE thread IS NULL;
CREATE INDEX pages_language ON pages (language) WHERE thread IS NULL;
CREATE INDEX pages_published_on ON pages (published_on) WHERE thread IS NULL;
CREATE INDEX pages_url ON pages (url);
