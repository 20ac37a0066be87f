/*
stage:   part
grain:   one row per message or channel of a finding, and the business fact a message carries
reads:   judged, carries
The strictest key that finds a fact says which one it is.
*/
SELECT subject, 'expected' AS role, '{table}' AS of_table, fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM judged WHERE code IS NOT NULL
UNION ALL
SELECT DISTINCT judged.subject, 'carried', 'business_event', carries.origin_no, NULL, NULL
FROM judged JOIN carries ON carries.fact_no = judged.fact_no
WHERE judged.code IS NOT NULL
    AND carries.pass = (SELECT min(pass) FROM carries AS strictest WHERE strictest.fact_no = judged.fact_no)
