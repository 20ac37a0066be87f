/*
stage:   verdict
grain:   one row per entry
reads:   dated
*/
SELECT 'ledger' AS side, fact_no,
    CASE WHEN aside IS NOT NULL THEN 'excluded' WHEN is_beyond THEN 'not_due' WHEN is_unknown THEN 'unknown' WHEN is_late THEN 'excepted' ELSE 'matched' END AS verdict,
    CASE WHEN aside IS NOT NULL THEN aside WHEN is_unknown AND NOT is_beyond THEN 'no period is known for its date' END AS reason,
    1 AS pass, fact_no AS match_no, CASE WHEN aside IS NULL AND is_beyond THEN recorded_at END AS check_at, CASE WHEN aside IS NULL AND is_late THEN subject END AS subject
FROM dated
