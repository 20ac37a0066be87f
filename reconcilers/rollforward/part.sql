/*
stage:   part
grain:   one row per line and movement a finding is made of: what was there and moved is expected, what is there is observed
reads:   apart, below, doubled, opening, closing, moved, stock
*/
SELECT apart.subject, 'observed' AS role, 'stock_balance' AS of_table, line.fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM apart JOIN closing AS line ON {same_line_apart}
UNION ALL
SELECT apart.subject, 'expected', 'stock_balance', line.fact_no, NULL, NULL
FROM apart JOIN {opened} AS line ON {same_line_apart}
UNION ALL
SELECT apart.subject, 'expected', 'business_event', moved.fact_no, NULL, NULL
FROM apart JOIN moved ON {same_moved_apart}
WHERE moved.is_within
UNION ALL
SELECT below.subject, 'observed', 'stock_balance', line.fact_no, NULL, NULL
FROM below JOIN stock AS line ON {same_line_below}
WHERE below.is_told AND line.quantity < 0
UNION ALL
SELECT subject, 'observed', 'stock_balance', fact_no, NULL, NULL
FROM doubled
