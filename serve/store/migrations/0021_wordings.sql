-- What answers were made with (versions of model, policy, features and code; nothing of anybody), by the number that
-- stands for it in their boxes.
CREATE TABLE wordings (
    id SMALLINT PRIMARY KEY,
    words TEXT NOT NULL UNIQUE
);

-- The order of answers without an index beside it.
CREATE TABLE given_in_order (
    id BIGINT PRIMARY KEY,
    item BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO given_in_order SELECT id, item FROM given;
DROP TABLE given;
ALTER TABLE given_in_order RENAME TO given;
