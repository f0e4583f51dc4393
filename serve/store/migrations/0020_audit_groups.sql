-- Who was registered in coarse groups, sealed to the audit's key: by a keyed block of the registration's number.
CREATE TABLE audit_groups (
    id BLOB PRIMARY KEY,
    box BLOB NOT NULL
) WITHOUT ROWID;
