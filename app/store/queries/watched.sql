-- Facts of a table from $since until $as_of, and how many of them `seen` (SELECTs of fact_no) looks at, by what they are worth.
-- quantities are absolute: what was taken back was watched as well.
WITH eye AS (SELECT DISTINCT fact_no FROM ({seen}))
SELECT {kind} AS kind, source, {plant} AS plant, {item} AS item, {unit} AS unit, CAST({time} AS DATE) AS day,
    count(*) AS facts, count(eye.fact_no) AS watched,
    sum(abs(CAST({quantity} AS DECIMAL(38, 9)))) AS quantity,
    sum(abs(CAST({quantity} AS DECIMAL(38, 9)))) FILTER (WHERE eye.fact_no IS NOT NULL) AS quantity_watched
FROM {table} AS fact
LEFT JOIN eye ON eye.fact_no = fact.fact_no
WHERE NOT is_deleted AND {time} >= $since AND {time} <= $as_of
GROUP BY ALL
ORDER BY ALL
