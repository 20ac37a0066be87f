/*
stage:   reversed
grain:   one row per fact that a reversal of its own side takes back
reads:   lonely, only_expected or only_observed, expected or observed
*/
SELECT DISTINCT {columns}, false, true
FROM {side} AS fact
JOIN lonely ON lonely.is_reversal AND lonely.side = '{side}' AND lonely.source = fact.source AND lonely.reverses_key = fact.source_key
WHERE fact.fact_no NOT IN (SELECT fact_no FROM only_{side})
