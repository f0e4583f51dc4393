-- Where a token of the custodian's new key leads: id and key of a row come from that token.
CREATE TABLE forwards (
    id BLOB PRIMARY KEY,
    box BLOB NOT NULL
) WITHOUT ROWID
