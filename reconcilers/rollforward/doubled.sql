/*
stage:   doubled
grain:   one row per line of stock that stands beside another of the same place, lot and status
reads:   stock
*/
WITH told AS (
    SELECT stock.*, count(*) OVER again AS lines, first_value(fact_no) OVER again AS lead_no,
        sum(quantity) OVER again AS total, sum(quantity) OVER again - max(quantity) OVER again AS beyond
    FROM stock
    WINDOW again AS (PARTITION BY {by_rows}, attributes ORDER BY fact_no ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
SELECT fact_no, {key}, lines, lead_no, CAST(total AS DECIMAL(38, 9)) AS quantity, CAST(abs(beyond) AS DECIMAL(38, 9)) AS at_risk, unit, balance_at,
    'twice/' || {row_subject} AS subject
FROM told
WHERE {repeats} AND lines > 1
