-- One row a feed: its last good reading, and the gate that lets one request an interval through.
CREATE TABLE wait_feeds (
    source text PRIMARY KEY,
    departments jsonb NOT NULL DEFAULT '[]',
    notices text[] NOT NULL DEFAULT '{}',
    etag text,
    last_modified text,
    fetched_at timestamptz,
    attempted_at timestamptz,
    retry_at timestamptz,
    failures integer NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT ''
);

-- One row a department ever seen: what it said last, and every name that its site has had.
CREATE TABLE wait_departments (
    source text NOT NULL,
    key text NOT NULL,
    department jsonb NOT NULL,
    names text[] NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (source, key)
);

-- One row a change: a stretch in which a department said the same thing.
CREATE TABLE wait_readings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    key text NOT NULL,
    state text NOT NULL,
    minutes integer,
    label text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    CHECK ((minutes IS NOT NULL) = (state = 'ok')),
    CHECK (since <= until)
);
CREATE INDEX wait_readings_newest ON wait_readings (source, key, until DESC);
CREATE INDEX wait_readings_since ON wait_readings (source, key, since);
