-- What holders say of registrations in their name, and what carriers found. Nobody's name or identity is
-- here: a dispute is about a registration of the log. Times are microseconds since 1970 UTC.

CREATE TABLE disputes (
    id VARCHAR(36) PRIMARY KEY,
    folio BLOB NOT NULL UNIQUE,
    carrier VARCHAR(32) NOT NULL,
    state SMALLINT NOT NULL,
    opened_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    resolved_at BIGINT,
    outcome VARCHAR(32)
);
CREATE INDEX disputes_of ON disputes (carrier, opened_at, id);

-- Everything that was said, in order; the last word of each side counts.
CREATE TABLE dispute_words (
    id SERIAL_KEY,
    folio BLOB NOT NULL,
    side VARCHAR(16) NOT NULL,
    said VARCHAR(16) NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX dispute_words_of ON dispute_words (folio, id);

-- Labels on their way to the engine: written with the word they follow from, reported until it took them.
CREATE TABLE dispute_labels (
    id SERIAL_KEY,
    folio BLOB NOT NULL,
    label VARCHAR(16) NOT NULL,
    source VARCHAR(16) NOT NULL,
    confidence DOUBLE PRECISION,
    made_at BIGINT NOT NULL,
    reported_at BIGINT
);
CREATE INDEX dispute_labels_waiting ON dispute_labels (reported_at, id);
