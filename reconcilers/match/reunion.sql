/*
stage:   reunion
grain:   one row per fact left alone and the business fact it shares the key of this pass with, taken or not
reads:   standing, seat
A leftover joins where there is just one business fact with its key: the late rest of a part posting, a copy entered again
without its id. With several it stays alone.
*/
WITH alone AS (
    SELECT standing.* FROM standing
    LEFT JOIN seat ON seat.fact_no = standing.fact_no
    WHERE standing.standing = 'live' AND seat.fact_no IS NULL AND standing.side IN ({sides}) AND {known_alone}
),
home AS (
    SELECT standing.*, seat.unit_no FROM standing
    JOIN seat ON seat.fact_no = standing.fact_no
    WHERE standing.side = 'expected' AND seat.unit_no > 0 AND {known_home}
)
SELECT alone.fact_no, alone.side, min(home.unit_no) AS unit_no, count(DISTINCT home.unit_no) AS choices
FROM alone JOIN home ON {same}{near}
GROUP BY alone.fact_no, alone.side
