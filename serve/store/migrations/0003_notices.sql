-- Who wants to be told, and what is to be told. Nothing here can be listed by person: rows are filed
-- under a keyed hash of the identity's token, and their content opens only with that token.

CREATE TABLE enrolments (
    id BLOB PRIMARY KEY,
    content BLOB NOT NULL
);

-- What two people of an institution sign: only the digest of a batch, never its content.
CREATE TABLE enrolment_batches (
    id VARCHAR(36) PRIMARY KEY,
    institution VARCHAR(64) NOT NULL,
    digest BLOB NOT NULL,
    proposed_by VARCHAR(128) NOT NULL,
    proposed_at BIGINT NOT NULL,
    signed_by VARCHAR(128),
    signed_at BIGINT
);

-- `detail` opens with the identity's token. `envelope` holds what is still to be told, sealed, and is
-- emptied when it has been; `due_at` is when, and empty where it is told or must not be.
CREATE TABLE notices (
    id VARCHAR(36) PRIMARY KEY,
    person BLOB NOT NULL,
    folio BLOB NOT NULL UNIQUE,
    detail BLOB NOT NULL,
    made_at BIGINT NOT NULL,
    due_at BIGINT,
    envelope BLOB,
    told_in VARCHAR(64)
);
CREATE INDEX notices_of ON notices (person, made_at);
CREATE INDEX notices_due ON notices (due_at);

-- Delays that an authority asked for in writing. Never deleted.
CREATE TABLE notice_holds (
    id VARCHAR(36) PRIMARY KEY,
    person BLOB NOT NULL,
    authority VARCHAR(128) NOT NULL,
    reference VARCHAR(128) NOT NULL,
    entered_by VARCHAR(128) NOT NULL,
    made_at BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX notice_holds_of ON notice_holds (person, until);
