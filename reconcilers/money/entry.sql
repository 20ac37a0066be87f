/*
stage:   entry
grain:   one row per entry that counts by the instant its plant is compared at, or is so near to it that it may
reads:   ledger, cut
A balance carried forward stands for all that is of an earlier fiscal year.
*/
WITH opened AS (
    SELECT source, company, ledger, account, max(fiscal_year) AS fiscal_year
    FROM ledger
    WHERE is_opening
    GROUP BY ALL
)
SELECT ledger.fact_no, cut.plant, {account} AS account, ledger.item, ledger.amount, ledger.currency, ledger.recorded_at, ledger.is_opening,
    opened.account IS NOT NULL AS is_opened,
    coalesce(ledger.recorded_at <= cut.cut_at, true) AS is_in,
    coalesce(ledger.recorded_at > cut.cut_at - {blur}, false) AS is_near
FROM ledger
JOIN cut ON cut.plant IS NOT DISTINCT FROM {plant_of_ledger}
LEFT JOIN opened ON opened.source = ledger.source AND opened.account = ledger.account
    AND opened.company IS NOT DISTINCT FROM ledger.company AND opened.ledger IS NOT DISTINCT FROM ledger.ledger
WHERE coalesce(ledger.fiscal_year >= opened.fiscal_year, true) AND coalesce(ledger.recorded_at <= cut.cut_at + {blur}, true)
