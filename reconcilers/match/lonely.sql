/*
stage:   lonely
grain:   one row per fact whose first key the other side does not have, or that no plain comparison sees
reads:   disagreeing, odd, expected or observed
*/
SELECT '{side}' AS side, fact.source, fact.is_reversal, fact.reverses_key, false AS is_odd, {keys}
FROM {side} AS fact
JOIN (SELECT {by} FROM disagreeing WHERE expected_no IS NULL OR observed_no IS NULL) AS alone ON {same}
UNION ALL
SELECT '{side}', fact.source, fact.is_reversal, fact.reverses_key, true, {keys}
FROM {side} AS fact WHERE fact.fact_no IN (SELECT fact_no FROM odd WHERE side = '{side}')
