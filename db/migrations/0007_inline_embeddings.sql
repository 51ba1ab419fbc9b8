-- A chunk's vector stays in its row: comparing each chunk fetches nothing besides (rows that are
-- written from now on).
ALTER TABLE chunks ALTER COLUMN embedding SET STORAGE PLAIN;
