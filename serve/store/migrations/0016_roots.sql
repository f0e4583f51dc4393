-- The first root that came with an identity's token, as a mark under a key made from that token.
CREATE TABLE roots (
    id BLOB PRIMARY KEY,
    mark BLOB NOT NULL
) WITHOUT ROWID
