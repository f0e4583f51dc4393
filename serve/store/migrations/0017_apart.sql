-- What whoever answers without the worker's key needs of the country: how many registrations there are, and the
-- newest moment, as keyed blocks.
CREATE TABLE standing (
    name VARCHAR(16) PRIMARY KEY,
    number BLOB NOT NULL
);

-- Lines that somebody else has registered since, until the worker has said so in the former holder's history.
-- Keyed blocks: the former registration, and the new one's moment, its number and since when it is known.
CREATE TABLE taken_lines (
    item BLOB NOT NULL,
    at BLOB NOT NULL,
    taker BLOB NOT NULL,
    known BLOB NOT NULL,
    PRIMARY KEY (item, taker)
) WITHOUT ROWID;
