/*
stage:   verdict
grain:   one row per message or channel
reads:   judged
*/
SELECT '{side}' AS side, fact_no,
    CASE WHEN code IS NOT NULL THEN 'excepted' WHEN wrong IS NOT NULL THEN 'not_due' ELSE 'matched' END AS verdict,
    settled_reason AS reason, 1 AS pass, fact_no AS match_no,
    CASE WHEN code IS NULL AND wrong IS NOT NULL THEN due_at END AS check_at,
    CASE WHEN code IS NOT NULL THEN subject END AS subject
FROM judged
