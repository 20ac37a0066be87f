/*
stage:   part
grain:   one row per order record of a finding
reads:   pair
*/
SELECT subject, 'expected' AS role, '{table}' AS of_table, expected_no AS fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM pair WHERE code IS NOT NULL AND expected_no IS NOT NULL
UNION ALL
SELECT subject, 'observed', '{table}', observed_no, NULL, NULL
FROM pair WHERE code IS NOT NULL AND observed_no IS NOT NULL
