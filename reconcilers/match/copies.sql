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
)
SELECT DISTINCT measured.unit_no
FROM measured JOIN repeated ON repeated.unit_no = measured.unit_no
WHERE measured.expected_count > 0
    AND round(CAST(measured.variance AS DOUBLE) / CAST(repeated.quantity AS DOUBLE)) BETWEEN 1 AND repeated.times - 1
    AND abs(measured.variance - repeated.quantity * CAST(round(CAST(measured.variance AS DOUBLE) / CAST(repeated.quantity AS DOUBLE)) AS BIGINT)) <= measured.tolerance
