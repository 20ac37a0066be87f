/*
stage:   part
grain:   one row per entry of a key that was not cleared in time
reads:   ledger, cleared
*/
SELECT cleared.subject, CASE WHEN ledger.amount < 0 THEN 'expected' ELSE 'observed' END AS role, 'ledger_entry' AS of_table, ledger.fact_no,
    CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM cleared
JOIN ledger ON {same_ledger_cleared}
WHERE cleared.is_open AND cleared.is_due
