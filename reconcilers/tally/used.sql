/*
stage:   tally (used)
grain:   one row per order and operation with a yield, and whether it used anything where others did
reads:   standing, taken
*/
WITH made AS (
    SELECT plant, order_no, op_no, max(item) AS item, min(unit) AS unit, sum(quantity) AS quantity, min(event_at) AS begun_at,
        arg_min(fact_no, turn) AS lead_no, count(DISTINCT unit) AS units
    FROM standing WHERE left_out IS NULL
    GROUP BY plant, order_no, op_no HAVING sum(quantity) > 0
),
kept AS (
    SELECT plant, order_no, op_no FROM taken WHERE left_out IS NULL
    GROUP BY plant, order_no, op_no, item, unit HAVING sum(quantity) <> 0
),
served AS (
    SELECT made.*,
        EXISTS (
            FROM kept
            WHERE kept.order_no = made.order_no AND kept.plant IS NOT DISTINCT FROM made.plant AND coalesce(kept.op_no = made.op_no, true)
        ) AS is_served,
        EXISTS (
            FROM kept
            WHERE kept.order_no = made.order_no AND kept.plant IS NOT DISTINCT FROM made.plant AND kept.op_no = made.op_no
        ) AS is_precedent
    FROM made
),
total AS (
    SELECT served.*, bool_or(is_precedent) OVER (PARTITION BY plant, item, op_no) AS uses_material FROM served
)
SELECT {subject} AS subject, plant, order_no, op_no, item, CASE WHEN units = 1 THEN unit END AS unit,
    CASE WHEN units = 1 THEN quantity END AS quantity_expected, CAST(NULL AS DECIMAL(38, 9)) AS quantity_observed,
    CAST(NULL AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS at_risk, begun_at AS occurred_at, {due} AS due_at,
    lead_no, CAST(NULL AS BIGINT) AS order_fact_no, CASE WHEN NOT uses_material AND NOT is_served THEN 'known to use nothing' END AS reason,
    false AS is_open, CASE WHEN uses_material AND NOT is_served THEN 'missing_posting' END AS wrong,
    'other orders of ' || item || ' used material at operation ' || op_no AS note
FROM total
{due_joins}
