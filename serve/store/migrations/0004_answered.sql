-- What was answered and is still to be looked at by whoever tells people: one row for every answer that
-- may call for a notice, whoever it is about, written in the answer's own transaction.
-- `due_at` is 0 until a look at it failed and is put off.

CREATE TABLE answered (
    id SERIAL_KEY,
    folio BLOB NOT NULL,
    decision VARCHAR(16) NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX answered_due ON answered (due_at, id);

-- A keyed hash of person and registration: one notice for both, however often it is looked at.
ALTER TABLE notices ADD COLUMN about BLOB;
CREATE UNIQUE INDEX notices_about ON notices (about);

-- A carrier's word that a contact is a person's: a keyed hash of all three, good for a while.
CREATE TABLE enrolment_vouches (
    id BLOB PRIMARY KEY,
    until BIGINT NOT NULL
);
