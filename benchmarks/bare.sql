-- What a person would write: a join, and one word for what is wrong.
WITH p AS (
    SELECT correlation_id, count(*) AS n, sum(quantity) AS quantity, min(unit) AS unit, min(recorded_at) AS recorded_at,
        min(posting_on) AS posting_on
    FROM observed GROUP BY correlation_id
)
SELECT coalesce(m.correlation_id, p.correlation_id) AS correlation_id, m.plant, m.order_no, m.quantity, p.quantity AS posted,
    m.event_at, p.recorded_at,
    CASE WHEN m.correlation_id IS NULL THEN 'orphan'
        WHEN p.correlation_id IS NULL THEN 'missing'
        WHEN p.n > 1 THEN 'duplicate'
        WHEN p.unit <> m.unit THEN 'unit'
        WHEN abs(p.quantity - m.quantity) > 0.01 * m.quantity THEN 'quantity'
        WHEN date_trunc('month', p.posting_on) <> date_trunc('month', m.occurred_on) THEN 'period'
        WHEN p.recorded_at > m.event_at + INTERVAL 4 HOUR THEN 'late'
        ELSE 'matched' END AS class
FROM expected AS m FULL OUTER JOIN p ON m.correlation_id = p.correlation_id
