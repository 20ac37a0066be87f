/*
stage:   part (records)
grain:   one row per record of a finding
reads:   pair
*/
SELECT subject, part.role, 'master_record' AS of_table, part.fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM (
    SELECT subject, 'expected' AS role, expected_no AS fact_no FROM pair WHERE code IS NOT NULL
    UNION ALL
    SELECT subject, 'expected', expected_general_no FROM pair WHERE code IS NOT NULL
    UNION ALL
    SELECT subject, 'observed', observed_no FROM pair WHERE code IS NOT NULL
    UNION ALL
    SELECT subject, 'observed', observed_general_no FROM pair WHERE code IS NOT NULL
    UNION ALL
    SELECT subject, 'candidate', twin_no FROM pair WHERE code IS NOT NULL
) AS part
WHERE part.fact_no IS NOT NULL
