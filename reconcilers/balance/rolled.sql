/*
stage:   rolled
grain:   one row per movement booked between a snapshot and the instant both sides are compared at
reads:   instant, booked_expected, booked_observed
*/
SELECT booked.side, {grain_of_booked}, booked.quantity, booked.unit, booked.fact_no
FROM booked
JOIN instant ON instant.side = booked.side AND instant.source = booked.source
WHERE booked.booked_at > instant.balance_at AND booked.booked_at <= instant.common_at
