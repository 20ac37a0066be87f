/*
stage:   verdict
grain:   one row per use
reads:   judged
*/
SELECT 'used' AS side, fact_no,
    CASE
        WHEN aside IS NOT NULL THEN 'excluded'
        WHEN NOT is_gap THEN 'matched'
        WHEN is_due THEN 'excepted'
        ELSE 'not_due'
    END AS verdict,
    aside AS reason, 1 AS pass, coalesce(origin_no, fact_no) AS match_no,
    CASE WHEN is_gap AND NOT is_due THEN due_at END AS check_at,
    CASE WHEN is_gap AND is_due THEN subject END AS subject
FROM judged
