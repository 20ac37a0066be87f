/*
stage:   below
grain:   one row per key with a line below zero
reads:   stock, booked
It is so since the movement that took it there and after which it never came back. Where none did it is due when it is first seen.
*/
WITH short AS (
    SELECT {key}, CAST(sum(CASE WHEN quantity < 0 THEN quantity END) AS DECIMAL(38, 9)) AS quantity, sum(quantity) AS total,
        max(unit) AS unit, min(CASE WHEN quantity < 0 THEN fact_no END) AS lead_no, max(balance_at) AS balance_at
    FROM stock
    GROUP BY {key}
    HAVING min(quantity) < 0
),
before AS (
    SELECT booked.booked_at, {key_of_short},
        short.total - sum(booked.quantity) OVER (PARTITION BY {key_of_short} ORDER BY booked.booked_at DESC, booked.fact_no DESC ROWS UNBOUNDED PRECEDING) AS was
    FROM short
    JOIN booked ON {same_booked_short}
    WHERE booked.booked_at <= short.balance_at
),
fell AS (
    SELECT {key}, max(booked_at) AS fell_at FROM before WHERE was >= 0 GROUP BY {key}
),
beside AS (
    SELECT source, {plant} AS plant, item, unit, CAST(sum(quantity) AS DECIMAL(38, 9)) AS quantity FROM stock WHERE quantity > 0 GROUP BY source, {plant}, item, unit
)
SELECT {key_of_short}, short.quantity, short.unit, short.lead_no, fell.fell_at AS occurred_at, fell.fell_at + {due} AS due_at,
    coalesce(fell.fell_at + {due} <= $horizon, true) AS is_told,
    CASE WHEN beside.quantity IS NOT NULL
        THEN 'Beside ' || rtrim(rtrim(CAST(beside.quantity AS VARCHAR), '0'), '.') || coalesce(' ' || beside.unit, '') || ' of the item elsewhere in the same stock'
    END AS note,
    'below/' || {subject_of_short} AS subject
FROM short
LEFT JOIN fell ON {same_fell_short}
LEFT JOIN beside ON beside.source = short.source AND beside.item = short.item AND beside.plant IS NOT DISTINCT FROM {plant_of_short}
    AND beside.unit IS NOT DISTINCT FROM short.unit
