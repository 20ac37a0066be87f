/*
stage:   copies
grain:   one row per business fact whose surplus is a whole number of copies of one of its postings
reads:   standing, seat, measured
*/
WITH repeated AS (
    SELECT seat.unit_no, fact.quantity, count(*) AS times
    FROM seat JOIN standing AS fact ON fact.fact_no = seat.fact_no
    WHERE fact.side = 'observed' AND fact.quantity <> 0
    GROUP BY seat.unit_no, fact.quantity
    HAVING count(*) > 1
),
surplus AS (
    SELECT
        measured.*, repeated.quantity, repeated.times,
        round(CAST(measured.variance AS DOUBLE) / nullif(CAST(repeated.quantity AS DOUBLE), 0)) AS copies
    FROM measured JOIN repeated ON repeated.unit_no = measured.unit_no
    WHERE measured.expected_count > 0 AND NOT measured.unit_differs
)
SELECT DISTINCT unit_no
FROM surplus
WHERE copies BETWEEN 1 AND times - 1 AND abs(variance - quantity * CAST(copies AS BIGINT)) <= tolerance
