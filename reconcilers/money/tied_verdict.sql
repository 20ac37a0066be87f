/*
stage:   verdict
grain:   one row per line of stock
reads:   line, tied
*/
SELECT 'stock' AS side, line.fact_no,
    CASE
        WHEN NOT line.is_own THEN 'excluded'
        WHEN tied.unknown_because IS NOT NULL THEN 'unknown'
        WHEN tied.is_off THEN 'excepted'
        ELSE 'matched'
    END AS verdict,
    CASE WHEN NOT line.is_own THEN 'stock of others' ELSE tied.unknown_because END AS reason,
    1 AS pass, line.fact_no AS match_no, CAST(NULL AS TIMESTAMPTZ) AS check_at, CASE WHEN line.is_own AND tied.is_off THEN tied.subject END AS subject
FROM line
LEFT JOIN tied ON tied.plant IS NOT DISTINCT FROM line.plant AND tied.account IS NOT DISTINCT FROM line.account
