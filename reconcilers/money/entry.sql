/*
stage:   entry
grain:   one row per entry that counts by the instant its plant is compared at, or is so near to it that it may
reads:   ledger, cut
A balance carried forward by then stands for all that is of an earlier fiscal year of its plant. Where plants have theirs, one of no plant
stands for entries of no plant; where they have none, it is all of theirs, and is nobody's entry.
*/
WITH opening AS (
    SELECT cut.plant, ledger.source, ledger.company, ledger.ledger, ledger.account, ledger.fiscal_year
    FROM ledger
    JOIN cut ON cut.plant IS NOT DISTINCT FROM {plant_of_ledger}
    WHERE ledger.is_opening AND coalesce(ledger.recorded_at <= cut.cut_at, true) AND {is_of_plant}
),
opened AS (
    SELECT plant, source, company, ledger, account, max(fiscal_year) AS fiscal_year
    FROM (SELECT * FROM opening UNION SELECT * REPLACE (NULL AS plant) FROM opening)
    GROUP BY ALL
)
SELECT ledger.fact_no, cut.plant, {account} AS account, ledger.item, ledger.amount, ledger.currency, ledger.recorded_at, ledger.is_opening,
    ledger.source, ledger.company, ledger.ledger, opened.account IS NOT NULL AS is_opened,
    coalesce(ledger.recorded_at <= cut.cut_at, true) AS is_in,
    coalesce(ledger.recorded_at > cut.cut_at - {blur}, false) AS is_near
FROM ledger
JOIN cut ON cut.plant IS NOT DISTINCT FROM {plant_of_ledger}
LEFT JOIN opened ON opened.source = ledger.source AND opened.account = ledger.account AND opened.plant IS NOT DISTINCT FROM cut.plant
    AND opened.company IS NOT DISTINCT FROM ledger.company AND opened.ledger IS NOT DISTINCT FROM ledger.ledger
WHERE coalesce(ledger.recorded_at <= cut.cut_at + {blur}, true)
    AND CASE WHEN ledger.is_opening THEN coalesce(ledger.fiscal_year = opened.fiscal_year, opened.account IS NOT NULL)
        ELSE coalesce(ledger.fiscal_year >= opened.fiscal_year, true) END
