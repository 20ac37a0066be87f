/*
stage:   keyed
grain:   one row per entry that names its key: when it was entered, on which side it is, and why it does not count
reads:   ledger
Where all entries are told, those a balance carried forward stands for are, too: it does not count. Where they are told from a certain day
on, it counts for those of earlier fiscal years of its key.
*/
WITH opened AS (
    SELECT source, company, currency, account, {by}, max(fiscal_year) AS fiscal_year
    FROM ledger
    WHERE is_opening AND NOT {is_whole} AND {known}
    GROUP BY ALL
)
SELECT ledger.fact_no, ledger.plant, ledger.source, ledger.company, ledger.currency, {by_of_ledger}, ledger.amount, {moment} AS entered_at,
    (ledger.amount < 0) <> ledger.is_reversal AS is_received, opened.account IS NOT NULL AS is_opened,
    CASE
        WHEN ledger.is_opening AND {is_whole} THEN 'a balance carried forward'
        WHEN ledger.fiscal_year < opened.fiscal_year THEN 'in a balance carried forward'
    END AS aside
FROM ledger
LEFT JOIN opened ON {same_opened_ledger} AND opened.account = ledger.account
WHERE {known}
