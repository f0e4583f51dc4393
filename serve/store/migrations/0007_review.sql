-- What people look at: cases of registrations that were held or had to prove more. Times are
-- microseconds since 1970 UTC. `needs` is how many reviewers have to agree.

CREATE TABLE cases (
    folio BLOB PRIMARY KEY,
    sequence BIGINT NOT NULL UNIQUE,
    carrier VARCHAR(32) NOT NULL,
    stage SMALLINT NOT NULL,
    decision SMALLINT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    needs SMALLINT NOT NULL,
    opened_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_by VARCHAR(128),
    claimed_until BIGINT,
    ended VARCHAR(16),
    ended_at BIGINT
);
CREATE INDEX cases_waiting ON cases (ended, due_at);

CREATE TABLE case_votes (
    folio BLOB NOT NULL,
    reviewer VARCHAR(128) NOT NULL,
    fraud SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (folio, reviewer)
);

CREATE TABLE case_notes (
    id SERIAL_KEY,
    folio BLOB NOT NULL,
    reviewer VARCHAR(128) NOT NULL,
    at BIGINT NOT NULL,
    text VARCHAR(1000) NOT NULL
);
CREATE INDEX case_notes_of ON case_notes (folio);

-- What stands instead of an answer since a person decided, or since nobody did in time. Never changed.
CREATE TABLE rulings (
    id SERIAL_KEY,
    sequence BIGINT NOT NULL,
    stage SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    decision SMALLINT NOT NULL,
    why VARCHAR(16) NOT NULL
);
CREATE INDEX rulings_of ON rulings (sequence);

-- A pattern that was looked at and is innocent. `mark` is a keyed hash of the key's token.
CREATE TABLE allow_notes (
    id VARCHAR(36) PRIMARY KEY,
    mark BLOB NOT NULL,
    kind VARCHAR(16) NOT NULL,
    families VARCHAR(128) NOT NULL,
    carrier VARCHAR(32) NOT NULL,
    folio BLOB NOT NULL,
    reviewer VARCHAR(128) NOT NULL,
    made_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    why VARCHAR(1000) NOT NULL,
    withdrawn_at BIGINT,
    withdrawn_by VARCHAR(128)
);
CREATE INDEX allow_notes_live ON allow_notes (until);
