/*
stage:   reunion
grain:   one row per fact left alone and the business fact it shares the key of this pass with, taken or not
reads:   standing, seat
A leftover joins where there is just one business fact with its key: the late rest of a part posting, a copy entered again
without its id. With several it stays alone. What is expected joins only what it brings closer to agreement: two facts alike of
which one has its effect are not one fact with half of it.
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
),
gap AS (
    SELECT seat.unit_no, sum(CASE WHEN standing.side = 'observed' THEN standing.quantity ELSE -standing.quantity END) AS gap
    FROM seat JOIN standing ON standing.fact_no = seat.fact_no
    GROUP BY seat.unit_no
)
SELECT alone.fact_no, alone.side, min(home.unit_no) AS unit_no, count(DISTINCT home.unit_no) AS choices
FROM alone JOIN home ON {same}{near} JOIN gap ON gap.unit_no = home.unit_no
WHERE alone.side = 'observed' OR coalesce(abs(gap.gap - alone.quantity) < abs(gap.gap), true)
GROUP BY alone.fact_no, alone.side
