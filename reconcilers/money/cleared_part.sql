/*
stage:   part
grain:   one row per entry of a key that was not cleared in time
reads:   keyed, cleared
*/
SELECT cleared.subject, CASE WHEN keyed.is_received THEN 'expected' ELSE 'observed' END AS role, 'ledger_entry' AS of_table, keyed.fact_no,
    CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM cleared
JOIN keyed ON {same_keyed_cleared} AND keyed.aside IS NULL
WHERE cleared.is_off
