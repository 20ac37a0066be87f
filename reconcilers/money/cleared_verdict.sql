/*
stage:   verdict
grain:   one row per entry
reads:   ledger, keyed, cleared
*/
SELECT 'ledger' AS side, ledger.fact_no,
    CASE
        WHEN cleared.subject IS NULL THEN 'excluded'
        WHEN NOT cleared.is_open THEN 'matched'
        WHEN cleared.unknown_because IS NOT NULL THEN 'unknown'
        WHEN cleared.is_off THEN 'excepted'
        ELSE 'not_due'
    END AS verdict,
    CASE
        WHEN keyed.fact_no IS NULL THEN 'names no key'
        WHEN keyed.aside IS NOT NULL THEN keyed.aside
        WHEN cleared.is_open THEN cleared.unknown_because
    END AS reason,
    1 AS pass, coalesce(cleared.lead_no, ledger.fact_no) AS match_no,
    CASE WHEN cleared.is_open AND cleared.unknown_because IS NULL AND NOT cleared.is_off THEN cleared.due_at END AS check_at,
    CASE WHEN cleared.is_off THEN cleared.subject END AS subject
FROM ledger
LEFT JOIN keyed ON keyed.fact_no = ledger.fact_no
LEFT JOIN cleared ON {same_keyed_cleared} AND keyed.aside IS NULL AND keyed.fact_no IS NOT NULL
