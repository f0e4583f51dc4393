-- What stands in the open beside a folio tells no finer time than an hour, no place in the order of registrations
-- (it is found by the folio), and not how many reviewers a case needs: that hints at who is in office.
CREATE TABLE coarse_cases (
    folio BLOB PRIMARY KEY,
    carrier VARCHAR(32) NOT NULL,
    stage SMALLINT NOT NULL,
    decision SMALLINT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    opened_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_by VARCHAR(128),
    claimed_until BIGINT,
    ended VARCHAR(16),
    ended_at BIGINT
);
INSERT INTO coarse_cases SELECT folio, carrier, stage, decision, score, opened_at - opened_at % 3600000000,
    due_at - due_at % 3600000000, claimed_by, claimed_until, ended, ended_at - ended_at % 3600000000 FROM cases;
DROP TABLE cases;
ALTER TABLE coarse_cases RENAME TO cases;
CREATE INDEX cases_waiting ON cases (ended, due_at);
UPDATE case_votes SET at = at - at % 3600000000;
UPDATE case_notes SET at = at - at % 3600000000;

-- Rulings by a keyed block of number and stage; those from before keep their number.
ALTER TABLE rulings ADD COLUMN item BLOB;
CREATE INDEX rulings_item ON rulings (item);
UPDATE rulings SET at = at - at % 3600000000;

UPDATE disputes SET opened_at = opened_at - opened_at % 3600000000,
    acknowledged_at = acknowledged_at - acknowledged_at % 3600000000,
    resolved_at = resolved_at - resolved_at % 3600000000;
UPDATE dispute_words SET at = at - at % 3600000000;
UPDATE dispute_labels SET made_at = made_at - made_at % 3600000000,
    reported_at = reported_at - reported_at % 3600000000;
UPDATE portal_reviews SET asked_at = asked_at - asked_at % 3600000000;
UPDATE notices SET made_at = made_at - made_at % 3600000000;

-- Stages by the minute that they are due in; the moment itself is a keyed block beside it. Those from before keep it.
ALTER TABLE due ADD COLUMN exact BLOB;
