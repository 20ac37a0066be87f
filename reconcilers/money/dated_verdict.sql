/*
stage:   verdict
grain:   one row per entry
reads:   dated
*/
SELECT 'ledger' AS side, fact_no,
    CASE WHEN aside IS NOT NULL THEN 'excluded' WHEN is_unknown THEN 'unknown' WHEN is_late THEN 'excepted' ELSE 'matched' END AS verdict,
    CASE WHEN aside IS NOT NULL THEN aside WHEN is_unknown THEN 'no period is known for its date' END AS reason,
    1 AS pass, fact_no AS match_no, CAST(NULL AS TIMESTAMPTZ) AS check_at, CASE WHEN aside IS NULL AND is_late THEN subject END AS subject
FROM dated
