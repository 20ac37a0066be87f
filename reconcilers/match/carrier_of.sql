/*
stage:   carrier_of
grain:   one row per expected fact and a message that carries it
reads:   standing, carrier
*/
SELECT DISTINCT standing.fact_no, carrier.fact_no AS message_no
FROM standing JOIN carrier ON {same}
WHERE standing.side = 'expected' AND {known}
