-- A challenger beside the champion: what it would have answered. Nothing here reaches an answer.
-- `content` holds the challenger's files and is emptied when the shadow ends. `since` and `read_to` say where it
-- began and how far it has read, in the order in which answers were given.

CREATE TABLE shadows (
    id VARCHAR(36) PRIMARY KEY,
    model VARCHAR(64) NOT NULL,
    content BLOB,
    started_by VARCHAR(128) NOT NULL,
    started_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    ended_at BIGINT,
    fault VARCHAR(64),
    since BIGINT NOT NULL,
    read_to BIGINT NOT NULL,
    lease VARCHAR(36),
    leased_until BIGINT NOT NULL
);

-- Results packed by the page, sealed to the worker: one short write for many answers.
CREATE TABLE shadow_pages (
    id SERIAL_KEY,
    shadow VARCHAR(36) NOT NULL,
    results BLOB NOT NULL
);
CREATE INDEX shadow_pages_of ON shadow_pages (shadow, id);
