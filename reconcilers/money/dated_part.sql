/*
stage:   part
grain:   one row per entry of a document that was posted into a closed period
reads:   dated
*/
SELECT subject, 'observed' AS role, 'ledger_entry' AS of_table, fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM dated
WHERE aside IS NULL AND is_late
