-- What goes out to others: who subscribed, what is still to be sent, and proof of what was.
-- Times are microseconds since 1970 UTC.

CREATE TABLE subscriptions (
    id VARCHAR(36) PRIMARY KEY,
    client VARCHAR(128) NOT NULL,
    sink VARCHAR(2048) NOT NULL,
    type VARCHAR(128) NOT NULL,
    carriers TEXT NOT NULL,
    assessment VARCHAR(36),
    initial SMALLINT NOT NULL,
    credential_until BIGINT,
    starts_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    max_events BIGINT,
    events BIGINT NOT NULL,
    ended_at BIGINT,
    ended_by VARCHAR(32)
);
CREATE INDEX subscriptions_of ON subscriptions (client, starts_at, id);

-- One row; whoever changes the list of active subscriptions draws another number.
CREATE TABLE subscription_version (
    id SMALLINT PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO subscription_version VALUES (0, 0);

-- Where messages go: a subscription's sink, the mail server, a gateway. `address` is sealed.
CREATE TABLE routes (
    name VARCHAR(64) PRIMARY KEY,
    channel VARCHAR(16) NOT NULL,
    address BLOB NOT NULL,
    failures INTEGER NOT NULL,
    resume_at BIGINT NOT NULL
);

-- A claimed message is due again when its lease ends; a dead letter is never due.
CREATE TABLE outbox (
    id SERIAL_KEY,
    message VARCHAR(64) NOT NULL UNIQUE,
    route VARCHAR(64) NOT NULL,
    kind VARCHAR(96) NOT NULL,
    body BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT,
    attempts INTEGER NOT NULL,
    lease VARCHAR(36),
    fault VARCHAR(64),
    dead_at BIGINT
);
CREATE INDEX outbox_due ON outbox (route, due_at);

-- Proof of sending: which bytes, when, and what the other side said.
CREATE TABLE deliveries (
    message VARCHAR(64) PRIMARY KEY,
    route VARCHAR(64) NOT NULL,
    kind VARCHAR(96) NOT NULL,
    digest BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    answer VARCHAR(64) NOT NULL
);
CREATE INDEX deliveries_sent ON deliveries (sent_at);
