/*
stage:   hint
grain:   one row per business fact and a fact of no effect that shares a key with it: failed, reversed or cancelled
reads:   standing, seat
*/
SELECT DISTINCT seat.unit_no, idle.fact_no, idle.side, idle.standing
FROM seat
JOIN standing AS fact ON fact.fact_no = seat.fact_no
JOIN standing AS idle ON {same}
WHERE idle.standing IN ('failed', 'reversed', 'cancelled') AND NOT idle.is_reversal AND {known}
