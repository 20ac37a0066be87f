/*
stage:   unfinished
grain:   one row per maintenance order that is still open although its machine has long been running again
reads:   orders, maintenance
A machine that stands again for the same order is not running.
*/
WITH repaired AS (
    SELECT maintenance_order_no AS order_no, plant, max(ended_at) AS ended_at, max(fact_no) AS stop_no, max(equipment) AS equipment
    FROM maintenance
    WHERE maintenance_order_no IS NOT NULL
    GROUP BY maintenance_order_no, plant
    HAVING count(*) = count(ended_at)
),
due AS (
    SELECT repaired.*, {due} AS due_at FROM repaired {due_joins}
)
SELECT orders.fact_no AS decision_no, due.stop_no AS other_no, 'asset_state' AS of_table, 'status_drift' AS wrong,
    'order/' || {by_record} AS subject, due.plant, CAST(NULL AS VARCHAR) AS item, CAST(NULL AS DECIMAL(38, 9)) AS quantity,
    CAST(NULL AS VARCHAR) AS unit, due.ended_at AS occurred_at, due.due_at, due.due_at AS seen_at,
    orders.status || ', though ' || due.equipment || ' runs again' AS note
FROM due
JOIN orders ON orders.order_no = due.order_no AND coalesce(orders.plant = due.plant, true)
WHERE orders.status NOT IN ({done})
