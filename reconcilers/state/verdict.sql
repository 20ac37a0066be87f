/*
stage:   verdict
grain:   one row per order record of either side
reads:   newest_expected, newest_observed, pair
*/
WITH record AS (
    SELECT 'expected' AS side, fact_no, is_newest FROM newest_expected
    UNION ALL
    SELECT 'observed', fact_no, is_newest FROM newest_observed
)
SELECT record.side, record.fact_no,
    CASE
        WHEN pair.code IS NOT NULL THEN 'excepted'
        WHEN NOT record.is_newest THEN 'excluded'
        WHEN pair.wrong IS NOT NULL THEN 'not_due'
        WHEN pair.expected_no IS NULL OR pair.observed_no IS NULL THEN 'excluded'
        ELSE 'matched'
    END AS verdict,
    CASE
        WHEN NOT record.is_newest THEN 'another record speaks for the order'
        WHEN pair.wrong IS NULL AND (pair.expected_no IS NULL OR pair.observed_no IS NULL) THEN 'needs no counterpart'
    END AS reason,
    1 AS pass,
    coalesce(pair.expected_no, pair.observed_no, record.fact_no) AS match_no,
    CASE WHEN pair.code IS NULL THEN pair.due_at END AS check_at,
    CASE WHEN pair.code IS NOT NULL THEN pair.subject END AS subject
FROM record
LEFT JOIN pair ON record.is_newest AND record.fact_no IN (pair.expected_no, pair.observed_no)
