-- Conversations and what people said of the answers. The messages of a thread live in LangGraph's
-- own tables (checkpoints, checkpoint_blobs, checkpoint_writes), which its saver makes.
CREATE TABLE threads (
    id text PRIMARY KEY,
    owner text NOT NULL DEFAULT '', -- '': opened without a login, by whoever knows the id
    title text NOT NULL DEFAULT '', -- the first question, cut
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX threads_owner ON threads (owner, updated_at DESC);

CREATE TABLE feedback (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thread text NOT NULL REFERENCES threads ON DELETE CASCADE,
    turn int NOT NULL CHECK (turn >= 0), -- the answer's place in the thread, from 0
    thumb smallint CHECK (thumb IN (-1, 1)), -- NULL: only an edited answer or a comment
    question text NOT NULL DEFAULT '',
    answer text NOT NULL DEFAULT '',
    edited_answer text NOT NULL DEFAULT '', -- what the answer should have been
    comment text NOT NULL DEFAULT '',
    model text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (thread, turn)
);
