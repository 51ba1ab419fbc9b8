-- Models that training has brought forth and promotion has let in, and which of them serves.
CREATE TABLE runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL, -- of the organisation or recipe, with a number
    run text NOT NULL, -- the run's folder, as it was called
    model text NOT NULL, -- a file under the data folder's models/
    adapter text NOT NULL DEFAULT '', -- likewise; '': none
    data_hash text NOT NULL, -- of the questions that it was trained and judged on
    scores jsonb NOT NULL, -- measure -> {right, of}, on the held-out split
    parent bigint REFERENCES runs, -- what served before it; NULL: the bundled model
    in_service boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (name)
);

CREATE UNIQUE INDEX runs_in_service ON runs (in_service) WHERE in_service;
