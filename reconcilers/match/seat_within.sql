/*
stage:   seat (within)
grain:   one row per fact of a pair that is close enough in time and unique from both sides
reads:   bout
*/
WITH near AS (
    SELECT e.fact_no AS expected_no, o.fact_no AS observed_no,
        count(*) OVER (PARTITION BY e.fact_no) AS choices_expected,
        count(*) OVER (PARTITION BY o.fact_no) AS choices_observed
    FROM bout AS e
    JOIN bout AS o ON o.bout_no = e.bout_no
    WHERE e.side = 'expected' AND o.side = 'observed'
        AND o.event_at >= e.event_at - {within} AND o.event_at <= e.event_at + {within}
)
SELECT expected_no AS fact_no, 'expected' AS side, expected_no AS unit_no, false AS is_ambiguous
FROM near WHERE choices_expected = 1 AND choices_observed = 1
UNION ALL
SELECT observed_no, 'observed', expected_no, false
FROM near WHERE choices_expected = 1 AND choices_observed = 1
