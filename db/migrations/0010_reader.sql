-- The cross-encoder that was trained with a model and serves beside it.
ALTER TABLE runs ADD COLUMN reader text; -- a file under the data folder's models/; NULL: [model] reader
