/*
stage:   part
grain:   one row per line of stock and entry of the items whose account differs, and per entry that explains a share of it
reads:   tied, level, line, entry, carried
*/
WITH apart AS (
    SELECT tied.subject, tied.plant, tied.account, tied.entry_no, level.item, coalesce(carried.is_by_item, true) AS is_by_item
    FROM tied
    JOIN level ON level.plant IS NOT DISTINCT FROM tied.plant AND level.account IS NOT DISTINCT FROM tied.account
    LEFT JOIN carried ON carried.plant IS NOT DISTINCT FROM tied.plant AND carried.account IS NOT DISTINCT FROM tied.account
    WHERE tied.is_off AND level.variance <> 0
)
SELECT apart.subject, 'expected' AS role, 'stock_balance' AS of_table, line.fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM apart
JOIN line ON line.is_own AND line.plant IS NOT DISTINCT FROM apart.plant AND line.account IS NOT DISTINCT FROM apart.account AND (line.item = apart.item OR NOT apart.is_by_item)
UNION ALL
SELECT DISTINCT apart.subject, 'observed', 'ledger_entry', entry.fact_no, NULL, NULL
FROM apart
JOIN entry ON entry.is_in AND entry.plant IS NOT DISTINCT FROM apart.plant AND entry.account IS NOT DISTINCT FROM apart.account
    AND (entry.item IS NOT DISTINCT FROM apart.item OR entry.fact_no = apart.entry_no OR NOT apart.is_by_item)
UNION ALL
SELECT apart.subject, 'explains', 'ledger_entry', entry.fact_no, 'journal', entry.amount
FROM apart
JOIN entry ON entry.is_in AND entry.item IS NULL AND entry.plant IS NOT DISTINCT FROM apart.plant AND entry.account IS NOT DISTINCT FROM apart.account
WHERE apart.is_by_item AND apart.item IS NULL
