/*
stage:   doubt
grain:   one row per fact this pass left free and a fact that could as well have been left in its place
reads:   bout, seat
*/
SELECT bout.fact_no, other.fact_no AS candidate_no
FROM bout
JOIN bout AS other
    ON other.bout_no = bout.bout_no AND other.side = bout.side AND other.fact_no <> bout.fact_no
    AND (other.quantity IS NOT DISTINCT FROM bout.quantity OR {within})
WHERE bout.fact_no NOT IN (SELECT fact_no FROM seat)
