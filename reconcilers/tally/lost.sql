/*
stage:   tally (lost)
grain:   one row per order: what its first operation made beside what became of it
reads:   standing, newest
An order that was only just finished may have reports nobody has told yet; one that is closed was finished before.
*/
WITH ends AS (
    SELECT plant, order_no, min((length(op_no), op_no)) AS first_op, max((length(op_no), op_no)) AS last_op
    FROM standing WHERE left_out IS NULL GROUP BY plant, order_no
),
placed AS (
    SELECT standing.*, (length(op_no), op_no) = first_op AS is_first, (length(op_no), op_no) = last_op AS is_last
    FROM standing
    JOIN ends ON ends.order_no = standing.order_no AND ends.plant IS NOT DISTINCT FROM standing.plant
    WHERE standing.left_out IS NULL
),
flow AS (
    SELECT plant, order_no, max(item) AS item, min(unit) AS unit, arg_min(fact_no, turn) AS lead_no, max(event_at) AS told_at,
        coalesce(sum(CASE WHEN is_first AND kind = 'op_complete' THEN quantity END), 0) AS made,
        coalesce(sum(CASE WHEN NOT is_first AND (kind <> 'op_complete' OR is_last) THEN quantity END), 0) AS kept,
        CASE WHEN count(DISTINCT unit) > 1 THEN 'in several units' WHEN bool_and(is_last) THEN 'of one operation' END AS reason
    FROM placed GROUP BY plant, order_no
),
ordered AS (
    SELECT flow.*, newest.fact_no AS order_fact_no,
        coalesce(newest.status IN ({when}) AND (newest.changed_at <= $horizon OR newest.status IN ('tech_complete', 'closed')), false) AS is_done
    FROM flow
    LEFT JOIN newest ON newest.order_no = flow.order_no AND newest.plant IS NOT DISTINCT FROM flow.plant
)
SELECT {subject} AS subject, plant, order_no, CAST(NULL AS VARCHAR) AS op_no, item, unit, made AS quantity_expected, kept AS quantity_observed,
    CAST({share} * made AS DECIMAL(38, 9)) AS tolerance, made - kept AS at_risk, told_at AS occurred_at,
    CASE WHEN is_done THEN {due} END AS due_at, lead_no, order_fact_no, reason, NOT is_done AS is_open,
    CASE WHEN reason IS NULL AND made - kept > {share} * made THEN 'quantity_variance' END AS wrong, CAST(NULL AS VARCHAR) AS note
FROM ordered
{due_joins}
