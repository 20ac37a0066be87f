/*
stage:   tally (over)
grain:   one row per order and operation: what was reported of it beside what was ordered
reads:   standing, newest
*/
WITH rising AS (
    SELECT standing.*, newest.fact_no AS order_fact_no, newest.quantity AS planned, newest.unit AS planned_unit,
        sum(standing.quantity) OVER (PARTITION BY standing.plant, standing.order_no, standing.op_no ORDER BY standing.turn) AS so_far
    FROM standing
    LEFT JOIN newest ON newest.order_no = standing.order_no AND newest.plant IS NOT DISTINCT FROM standing.plant
    WHERE standing.left_out IS NULL
),
last_within AS (
    SELECT plant, order_no, op_no, max(turn) AS turn
    FROM rising
    WHERE so_far <= planned + {share} * planned
    GROUP BY plant, order_no, op_no
),
total AS (
    SELECT rising.plant, rising.order_no, rising.op_no, max(rising.item) AS item, min(rising.unit) AS unit,
        max(rising.planned) AS planned, sum(rising.quantity) AS reported, max(rising.order_fact_no) AS order_fact_no,
        arg_min(rising.fact_no, rising.turn) AS lead_no,
        min(CASE WHEN rising.turn > coalesce(last_within.turn, 0) THEN rising.event_at END) AS over_at,
        CASE
            WHEN max(rising.planned) IS NULL THEN 'no quantity is ordered'
            WHEN count(DISTINCT rising.unit) > 1 OR max(rising.unit) <> max(rising.planned_unit) THEN 'in several units'
        END AS reason
    FROM rising
    LEFT JOIN last_within
        ON last_within.order_no = rising.order_no AND last_within.op_no = rising.op_no AND last_within.plant IS NOT DISTINCT FROM rising.plant
    GROUP BY rising.plant, rising.order_no, rising.op_no
)
SELECT {subject} AS subject, plant, order_no, op_no, item, unit, planned AS quantity_expected, reported AS quantity_observed,
    CAST({share} * planned AS DECIMAL(38, 9)) AS tolerance, reported - planned AS at_risk, over_at AS occurred_at, {due} AS due_at,
    lead_no, order_fact_no, reason, false AS is_open,
    CASE WHEN reason IS NULL AND reported > planned + {share} * planned THEN 'quantity_variance' END AS wrong, CAST(NULL AS VARCHAR) AS note
FROM total
{due_joins}
