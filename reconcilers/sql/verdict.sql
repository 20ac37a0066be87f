/*
stage:   verdict
grain:   one row per fact of the tables of the rule
reads:   sql_fact, sql_named, sql_told
A fact no row names agrees: the statement looked at it and had nothing to say. One that several rows name belongs to what is
due first, else to the first by name.
*/
WITH said AS (
    SELECT fact_no, arg_min(subject, (is_waiting, subject)) AS subject, bool_and(is_waiting) AS is_waiting, min(due_at) AS due_at
    FROM sql_named
    JOIN sql_told USING (row_no)
    GROUP BY fact_no
)
SELECT sql_fact.side, sql_fact.fact_no,
    CASE WHEN said.fact_no IS NULL THEN 'matched' WHEN said.is_waiting THEN 'not_due' ELSE 'excepted' END AS verdict,
    CAST(NULL AS VARCHAR) AS reason, 1 AS pass, sql_fact.fact_no AS match_no,
    CASE WHEN said.is_waiting THEN said.due_at END AS check_at,
    CASE WHEN NOT said.is_waiting THEN said.subject END AS subject
FROM sql_fact
LEFT JOIN said USING (fact_no)
