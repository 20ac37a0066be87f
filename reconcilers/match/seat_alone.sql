/*
stage:   seat (alone)
grain:   one row per fact that found no partner in any pass; what is posted of nothing needs none
reads:   standing, seat
*/
WITH alone AS (
    SELECT standing.*, {group_key} AS group_no FROM standing
    LEFT JOIN seat ON seat.fact_no = standing.fact_no
    WHERE standing.standing = 'live' AND seat.fact_no IS NULL AND (standing.side = 'expected' OR coalesce(standing.quantity <> 0, true))
)
SELECT fact_no, side, CASE WHEN side = 'expected' THEN group_no ELSE -group_no END AS unit_no, false AS is_ambiguous
FROM alone
