-- The event log, the histories of keys, and what was answered. Times are microseconds since 1970 UTC.

CREATE TABLE registrations (
    sequence BIGINT PRIMARY KEY,
    folio BLOB NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL,
    carrier VARCHAR(32) NOT NULL,
    entry BLOB NOT NULL
);

CREATE TABLE line_events (
    id BIGINT PRIMARY KEY,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    occurred_at BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    handset BIGINT NOT NULL,
    place INTEGER NOT NULL
);
CREATE INDEX line_events_of ON line_events (sequence);

CREATE TABLE verdicts (
    id BIGINT PRIMARY KEY,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    verdict_on BIGINT,
    fraud SMALLINT NOT NULL,
    source SMALLINT NOT NULL,
    confidence REAL
);
CREATE INDEX verdicts_of ON verdicts (sequence);

-- One record per key: its last registrations, packed.
CREATE TABLE histories (
    id BLOB PRIMARY KEY,
    record BLOB NOT NULL
) WITHOUT ROWID;

-- `moment` is what was asked about, `as_of` the first sequence that was not seen.
CREATE TABLE assessments (
    sequence BIGINT NOT NULL,
    stage SMALLINT NOT NULL,
    moment BIGINT NOT NULL,
    as_of BIGINT NOT NULL,
    answer BLOB NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (sequence, stage)
) WITHOUT ROWID;

-- Stages that registrations will reach.
CREATE TABLE due (
    moment BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    stage SMALLINT NOT NULL,
    PRIMARY KEY (moment, sequence, stage)
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
