/*
stage:   newest
grain:   one row per order: the record that speaks for it
reads:   orders
*/
SELECT fact_no, plant, order_no, status, quantity, unit, changed_at FROM orders
QUALIFY row_number() OVER (PARTITION BY plant, order_no ORDER BY changed_at DESC NULLS LAST, source, feed, source_key) = 1
