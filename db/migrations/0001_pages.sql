-- Documents as they were last fetched. The text lives in chunks; a page and its chunks are
-- replaced in one transaction.
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE pages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thread text, -- NULL: the organisation's own; else read for one conversation only
    url text NOT NULL,
    source text NOT NULL, -- the site, or the file or folder that was named
    title text NOT NULL DEFAULT '',
    section text NOT NULL DEFAULT '', -- the first folder of the URL's path
    language text NOT NULL DEFAULT '', -- ISO 639-1
    content_type text NOT NULL DEFAULT '',
    published_on date, -- what the page says of itself
    links text[] NOT NULL DEFAULT '{}', -- to follow when the server answers 304
    etag text,
    last_modified text,
    body_hash bytea NOT NULL, -- of the bytes as served
    content_hash bytea NOT NULL, -- of the text extracted and the way it was cut
    recipe text NOT NULL DEFAULT '', -- how it was extracted and cut: another recipe, another result
    superseded_by text, -- the URL of a newer version of this document
    missing_runs int NOT NULL DEFAULT 0, -- runs in a row that did not find it
    fetched_at timestamptz NOT NULL,
    checked_at timestamptz NOT NULL, -- the last time that the server confirmed it
    expires_at timestamptz,
    UNIQUE NULLS NOT DISTINCT (thread, url)
);

CREATE INDEX pages_source ON pages (source) WHERE thread IS NULL;
CREATE INDEX pages_expires_at ON pages (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE ingest_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    report jsonb
);
