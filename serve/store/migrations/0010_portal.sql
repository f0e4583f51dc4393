-- What the portal keeps. Nobody's name, contact or code is here: what points at a person is a keyed hash.
-- Times are microseconds since 1970 UTC.

-- One-time codes, as keyed hashes. A row is made for whoever asks, enrolled or not.
CREATE TABLE portal_challenges (
    id VARCHAR(36) PRIMARY KEY,
    bucket BLOB NOT NULL,
    code BLOB NOT NULL,
    made_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    tries INTEGER NOT NULL,
    used_at BIGINT
);
CREATE INDEX portal_challenges_of ON portal_challenges (bucket, made_at);
CREATE INDEX portal_challenges_until ON portal_challenges (until);

-- Who wants no new line without their yes.
CREATE TABLE portal_locks (
    id BLOB PRIMARY KEY,
    since BIGINT NOT NULL
) WITHOUT ROWID;

-- Who asked that a person looks at a registration: one row each, however often it is asked.
CREATE TABLE portal_reviews (
    assessment VARCHAR(36) PRIMARY KEY,
    asked_at BIGINT NOT NULL
);

-- What was done through the portal, for the audit log.
CREATE TABLE portal_acts (
    id SERIAL_KEY,
    at BIGINT NOT NULL,
    act VARCHAR(32) NOT NULL,
    about BLOB NOT NULL,
    detail VARCHAR(256) NOT NULL
);
