/*
stage:   bout
grain:   one row per fact whose key of this pass both sides have, and which no earlier pass has taken
reads:   standing, seat
*/
WITH free AS (
    SELECT standing.* FROM standing
    LEFT JOIN seat ON seat.fact_no = standing.fact_no
    WHERE standing.standing = 'live' AND seat.fact_no IS NULL AND {known}
),
expected_key AS (
    SELECT {by}, min(fact_no) AS bout_no, count(*) AS expected_count FROM free WHERE side = 'expected' GROUP BY {by}
),
observed_key AS (
    SELECT {by}, count(*) AS observed_count FROM free WHERE side = 'observed' GROUP BY {by}
)
SELECT free.*, expected_key.bout_no, expected_key.expected_count, observed_key.observed_count,
    (expected_key.expected_count > {at_most} OR observed_key.observed_count > {at_most}) AS is_crowded
FROM expected_key
JOIN observed_key ON {same_observed}
JOIN free ON {same_free}
