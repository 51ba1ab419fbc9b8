-- The directory: one row a person or a team, as the organisation wrote it.
-- A row that nobody marked public stays private.
CREATE TABLE contacts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    role text NOT NULL DEFAULT '',
    team text NOT NULL DEFAULT '',
    site text NOT NULL DEFAULT '',
    phone text NOT NULL DEFAULT '',
    email text NOT NULL DEFAULT '',
    notes text NOT NULL DEFAULT '',
    public boolean NOT NULL DEFAULT false,
    description text NOT NULL DEFAULT '', -- Contact.description, the key of the table below
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- What the rows say of themselves, embedded once however many rows share the words.
-- `vector` holds 384 float16 numbers, little-endian, of unit length.
CREATE TABLE contact_descriptions (
    description text PRIMARY KEY,
    vector bytea NOT NULL
);

-- Counts the changes of either table, so that a reader knows when its copy is old.
CREATE TABLE contacts_version (version bigint NOT NULL);
INSERT INTO contacts_version VALUES (1);

CREATE FUNCTION contacts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contacts_version SET version = version + 1;
    RETURN NULL;
END
$$;

CREATE INDEX contacts_description ON contacts (description);

CREATE TRIGGER contacts_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON contacts
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_changed();
CREATE TRIGGER contact_descriptions_changed
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON contact_descriptions
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_changed();
