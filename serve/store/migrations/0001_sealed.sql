-- The event log, the histories of keys, and what was answered. Nothing here can be read by whoever has a
-- copy: rows are named by keyed blocks, boxes open with a token, a folio or the worker's key (serve/store/seals.py).

CREATE TABLE registrations (
    id BLOB PRIMARY KEY,
    folio BLOB NOT NULL UNIQUE,
    number BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    names BLOB NOT NULL,
    entry BLOB
) WITHOUT ROWID;

CREATE TABLE line_events (
    id BIGINT PRIMARY KEY,
    registration BLOB NOT NULL,
    event BLOB NOT NULL
);
CREATE INDEX line_events_of ON line_events (registration);

CREATE TABLE verdicts (
    id BIGINT PRIMARY KEY,
    registration BLOB NOT NULL,
    verdict BLOB NOT NULL
);
CREATE INDEX verdicts_of ON verdicts (registration);

-- One record per key: its last registrations, packed.
CREATE TABLE histories (
    id BLOB PRIMARY KEY,
    record BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE assessments (
    id BLOB PRIMARY KEY,
    answer BLOB NOT NULL,
    vector BLOB
) WITHOUT ROWID;

-- The order in which answers were given, for whoever follows them.
CREATE TABLE given (
    id BIGINT PRIMARY KEY,
    item BLOB NOT NULL
);

-- Stages that registrations will reach, and when, in microseconds since 1970 UTC.
CREATE TABLE due (
    moment BIGINT NOT NULL,
    item BLOB NOT NULL,
    PRIMARY KEY (moment, item)
) WITHOUT ROWID;

-- What rings, the country's wave and the clock are folded from, one row per commit.
CREATE TABLE journal (
    id BIGINT PRIMARY KEY,
    entries BLOB NOT NULL
);

CREATE TABLE carriers (
    code SMALLINT PRIMARY KEY,
    name VARCHAR(32) NOT NULL UNIQUE
);

-- Breaches and officials, as columns.
CREATE TABLE reference_tables (
    name VARCHAR(32) PRIMARY KEY,
    content BLOB NOT NULL
);

-- What opens the boxes of the log, itself sealed to the worker's keys; and what knows the engine's keys again.
CREATE TABLE streams (
    id BIGINT PRIMARY KEY,
    purpose VARCHAR(16) NOT NULL,
    epoch BIGINT NOT NULL,
    header BLOB NOT NULL
);
CREATE TABLE epochs (
    epoch BIGINT PRIMARY KEY,
    mark BLOB NOT NULL
);

-- One row: up to which number the log has expired, and vectors and verdicts, and the journal's keys.
CREATE TABLE retention (
    id SMALLINT PRIMARY KEY,
    log_to BIGINT NOT NULL,
    frozen_to BIGINT NOT NULL,
    journal_to BIGINT NOT NULL
);
INSERT INTO retention VALUES (0, 0, 0, 0);

-- Who was erased on whose word: numbers of the audit log's notes; `since` is the first answer that knew.
CREATE TABLE erasures (
    id SERIAL_KEY,
    day INTEGER NOT NULL,
    since BIGINT NOT NULL
);

-- Subjects that must not be erased for a while, as keyed hashes.
CREATE TABLE legal_holds (
    subject BLOB NOT NULL,
    authority VARCHAR(128) NOT NULL,
    reference VARCHAR(128) NOT NULL,
    made_at BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX legal_holds_of ON legal_holds (subject);
