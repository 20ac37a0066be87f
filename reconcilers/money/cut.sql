/*
stage:   cut
grain:   one row per plant that has stock: the instant its list is true for
reads:   stock
*/
SELECT {plant} AS plant, min(balance_at) AS cut_at
FROM stock
GROUP BY ALL
