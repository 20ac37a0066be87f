/*
stage:   disagreeing facts
grain:   one row per plain fact of a first-pass key that disagrees
reads:   disagreeing, expected or observed
*/
SELECT '{side}' AS side, {side}_no AS fact_no, true AS is_seed FROM disagreeing WHERE place <> 0 AND {side}_facts = 1
UNION ALL
SELECT '{side}', fact.fact_no, true
FROM {side} AS fact
WHERE {plain} AND ({by}) IN (SELECT {by} FROM disagreeing WHERE place <> 0 AND {side}_facts > 1)
