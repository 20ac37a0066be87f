/*
stage:   part
grain:   one row per fact a due row names
reads:   sql_named, sql_told, sql_fact
*/
SELECT DISTINCT sql_told.subject, sql_named.role, sql_fact.of_table, sql_named.fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM sql_named
JOIN sql_told USING (row_no)
JOIN sql_fact USING (fact_no)
WHERE NOT sql_told.is_waiting
