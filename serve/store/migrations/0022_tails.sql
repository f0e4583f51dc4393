-- What came to a long record since it was last written whole; where there is none, the record is what `histories` says.
CREATE TABLE tails (
    id BLOB PRIMARY KEY,
    record BLOB NOT NULL
) WITHOUT ROWID;
