-- The files of keyed tables of breaches and officials, in pieces, where workers share nothing but the store.
-- `reference_tables` says which version of each is in force; the plain tables that it held are gone.
CREATE TABLE reference_files (
    kind VARCHAR(32) NOT NULL,
    version VARCHAR(16) NOT NULL,
    name VARCHAR(32) NOT NULL,
    part INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (kind, version, name, part)
);
DELETE FROM reference_tables
