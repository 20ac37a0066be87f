/*
stage:   part
grain:   one row per finding: the last the source told
reads:   quiet
*/
SELECT subject, 'expected' AS role, 'business_event' AS of_table, fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM quiet
