/*
stage:   owed
grain:   one row per event of the target and pass that finds the business fact it comes from
reads:   effect, origin
*/
SELECT DISTINCT effect.fact_no, CAST(NULL AS BIGINT) AS origin_no, {number} AS pass
FROM effect JOIN origin ON {same_source}
