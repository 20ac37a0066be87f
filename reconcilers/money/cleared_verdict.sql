/*
stage:   verdict
grain:   one row per entry
reads:   ledger, cleared
*/
SELECT 'ledger' AS side, ledger.fact_no,
    CASE WHEN cleared.subject IS NULL THEN 'excluded' WHEN NOT cleared.is_open THEN 'matched' WHEN cleared.is_due THEN 'excepted' ELSE 'not_due' END AS verdict,
    CASE WHEN cleared.subject IS NULL THEN 'names no key' END AS reason,
    1 AS pass, coalesce(cleared.lead_no, ledger.fact_no) AS match_no, CASE WHEN cleared.is_open AND NOT cleared.is_due THEN cleared.due_at END AS check_at,
    CASE WHEN cleared.is_open AND cleared.is_due THEN cleared.subject END AS subject
FROM ledger
LEFT JOIN cleared ON {same_ledger_cleared}
