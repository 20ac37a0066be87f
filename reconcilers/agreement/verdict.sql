/*
stage:   verdict
grain:   one row per record of either side
reads:   expected, observed, record_expected, record_observed, pair
A record may speak for a thing in several plants and to several sources: the worst of it is its verdict.
*/
WITH record AS (
    SELECT 'expected' AS side, source, plant, fact_no, {key} AS thing FROM expected
    UNION ALL
    SELECT 'observed', source, plant, fact_no, {key} FROM observed
),
kept AS (
    SELECT 'expected' AS side, source, thing FROM record_expected
    UNION
    SELECT 'observed', source, thing FROM record_observed
),
member AS (
    SELECT 'expected' AS side, expected_no AS fact_no, pair.* FROM pair
    UNION ALL
    SELECT 'expected', expected_general_no, pair.* FROM pair
    UNION ALL
    SELECT 'observed', observed_no, pair.* FROM pair
    UNION ALL
    SELECT 'observed', observed_general_no, pair.* FROM pair
),
judged AS (
    SELECT side, fact_no, min(CASE WHEN code IS NOT NULL THEN subject END) AS subject,
        min(CASE WHEN wrong IS NOT NULL AND code IS NULL THEN due_at END) AS check_at,
        bool_or(is_known_to_both) AS is_known, min(coalesce(expected_no, observed_no)) AS match_no
    FROM member WHERE fact_no IS NOT NULL
    GROUP BY side, fact_no
)
SELECT record.side, record.fact_no,
    CASE
        WHEN judged.subject IS NOT NULL THEN 'excepted'
        WHEN judged.check_at IS NOT NULL THEN 'not_due'
        WHEN judged.is_known THEN 'matched'
        ELSE 'excluded'
    END AS verdict,
    CASE
        WHEN record.thing IS NULL THEN 'names nothing'
        WHEN judged.fact_no IS NULL AND (record.side, record.source, record.thing) NOT IN (SELECT (side, source, thing) FROM kept) THEN 'no plant keeps it'
        WHEN judged.fact_no IS NULL AND EXISTS (FROM pair WHERE thing = record.thing AND coalesce(pair.plant = record.plant, true))
            THEN 'another record speaks for it'
        WHEN judged.subject IS NULL AND judged.check_at IS NULL AND NOT coalesce(judged.is_known, false) THEN 'needs no counterpart'
    END AS reason,
    1 AS pass, coalesce(judged.match_no, record.fact_no) AS match_no,
    CASE WHEN judged.subject IS NULL THEN judged.check_at END AS check_at, judged.subject
FROM record
LEFT JOIN judged ON judged.side = record.side AND judged.fact_no = record.fact_no
