/*
stage:   told
grain:   one row per row the statement gave
reads:   sql_row, sql_named, sql_fact
A row is about the first fact it names, an expected one before an observed one. Nothing is said before it is due, and nothing
of what may still be on its way: due is not later than what all sides are known until.
*/
WITH first AS (
    SELECT row_no, arg_min(fact_no, (role, fact_no)) AS lead_no FROM sql_named GROUP BY row_no
)
SELECT sql_row.*, lead.fact_no AS lead_no, lead.plant, lead.item, lead.unit, lead.is_from,
    {subject} AS subject,
    coalesce(sql_row.due_at > $horizon, false) AS is_waiting
FROM sql_row
LEFT JOIN first USING (row_no)
LEFT JOIN sql_fact AS lead ON lead.fact_no = first.lead_no
