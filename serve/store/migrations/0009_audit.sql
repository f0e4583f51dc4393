-- The audit log's bytes, where it stands, and what opens its commitments; who looked what up; the state
-- of the watch over askers. Days are counted since 1970.

CREATE TABLE audit_log (
    start BIGINT PRIMARY KEY,
    bytes BLOB NOT NULL
);

-- One row: how long the log is, its chain and peaks, and how far each source has been recorded.
CREATE TABLE audit_state (
    id SMALLINT PRIMARY KEY,
    state TEXT NOT NULL
);

-- Deleting a salt unlinks its record from what was recorded; the log stays whole.
CREATE TABLE audit_salts (
    source VARCHAR(16) NOT NULL,
    item BIGINT NOT NULL,
    part SMALLINT NOT NULL,
    number BIGINT NOT NULL,
    salt BLOB NOT NULL,
    PRIMARY KEY (source, item, part)
) WITHOUT ROWID;

CREATE TABLE audit_checkpoints (
    size BIGINT PRIMARY KEY,
    note TEXT NOT NULL
);

-- What is to be recorded and has no table of its own: promotions, key events, erasures.
CREATE TABLE audit_notes (
    id SERIAL_KEY,
    kind VARCHAR(16) NOT NULL,
    day INTEGER NOT NULL,
    facts TEXT NOT NULL,
    details TEXT NOT NULL
);

CREATE TABLE look_ups (
    id SERIAL_KEY,
    day INTEGER NOT NULL,
    folio BLOB NOT NULL,
    client VARCHAR(128) NOT NULL,
    operation VARCHAR(64) NOT NULL
);
CREATE INDEX look_ups_of ON look_ups (folio);
CREATE INDEX look_ups_on ON look_ups (day);

-- Sealed, one row per worker.
CREATE TABLE oracle_state (
    worker VARCHAR(36) PRIMARY KEY,
    day INTEGER NOT NULL,
    content BLOB NOT NULL
);
