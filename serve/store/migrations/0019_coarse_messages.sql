-- Proof of sending, and messages that were given up, by the hour: a notice bears its message's name, and to the
-- second one carrier's customers could be found by their times and counted by the person's keyed block beside it.
-- What still waits is kept by the minute it was made in. Scores beside folios are percent.
UPDATE deliveries SET created_at = created_at - created_at % 3600000000, sent_at = sent_at - sent_at % 3600000000;
UPDATE outbox SET created_at = created_at - created_at % 60000000, due_at = due_at - due_at % 60000000,
    dead_at = dead_at - dead_at % 3600000000;
UPDATE notices SET due_at = due_at - due_at % 900000000 + 900000000 WHERE due_at % 900000000 > 0;
UPDATE cases SET score = CASE WHEN score > 0 AND score < 0.01 THEN 0.01
        ELSE CAST(ROUND(CAST(score * 100 AS NUMERIC)) AS DOUBLE PRECISION) / 100 END,
    claimed_until = claimed_until - claimed_until % 60000000;
