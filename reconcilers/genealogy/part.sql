/*
stage:   part
grain:   one row per use of a lot that came from nowhere
reads:   judged
*/
SELECT subject, 'expected' AS role, 'business_event' AS of_table, fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM judged WHERE is_gap AND is_due
