-- A challenger beside the champion: what it would have answered. Nothing here reaches an answer.
-- `content` holds the challenger's files and is emptied when the shadow ends. The two cursors say how
-- far it has read: activations by sequence, later stages in the order in which they were answered.

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
    since_moment BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    moment BIGINT NOT NULL,
    later_sequence BIGINT NOT NULL,
    later_stage SMALLINT NOT NULL,
    lease VARCHAR(36),
    leased_until BIGINT NOT NULL
);

-- Results packed by the page: one short write for many answers. `models` names the champions of the page.
CREATE TABLE shadow_pages (
    id SERIAL_KEY,
    shadow VARCHAR(36) NOT NULL,
    models TEXT NOT NULL,
    results BLOB NOT NULL
);
CREATE INDEX shadow_pages_of ON shadow_pages (shadow, id);

-- Later stages in the order in which they were answered; activations have theirs by sequence.
CREATE INDEX assessments_later ON assessments (moment, sequence, stage) WHERE stage > 0;
