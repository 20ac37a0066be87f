/*
stage:   cut
grain:   one row per plant that has stock, and one for entries of no plant: the instant a list is true for
reads:   stock
*/
WITH listed AS (
    SELECT {plant} AS plant, balance_at FROM stock
    UNION ALL
    SELECT CAST(NULL AS VARCHAR), balance_at FROM stock
)
SELECT plant, min(balance_at) AS cut_at
FROM listed
GROUP BY plant
