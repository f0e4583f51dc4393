-- How many reviewers a case needs hints at who is in office: it is asked of the log each time.
ALTER TABLE cases DROP COLUMN needs;
