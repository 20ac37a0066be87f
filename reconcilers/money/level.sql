/*
stage:   level
grain:   one row per plant, account and item, or per plant and account where entries cannot be told apart by item: worth and balance
reads:   priced, entry, home, carried
What was posted near the list may be in it or not, the first few of it: where any such reading agrees to the cent, it is in step.
*/
WITH stocked AS (
    SELECT {plant_of_priced} AS plant, home.account, priced.item, priced.value, priced.currency
    FROM priced
    LEFT JOIN home ON home.item = priced.item AND home.plant IS NOT DISTINCT FROM {plant_of_priced}
),
told AS (
    SELECT stocked.plant, stocked.account, stocked.item, stocked.value, stocked.value IS NULL AS is_unpriced, stocked.currency,
        CAST(0 AS DECIMAL(38, 9)) AS amount, CAST(NULL AS BIGINT) AS entry_no, CAST(NULL AS TIMESTAMPTZ) AS recorded_at, false AS is_near, false AS is_in
    FROM stocked
    UNION ALL
    SELECT plant, account, item, CAST(0 AS DECIMAL(38, 9)), false, currency, amount, fact_no, recorded_at, is_near, is_in
    FROM entry
),
keyed AS (
    SELECT told.* EXCLUDE (item), CASE WHEN coalesce(carried.is_by_item, true) THEN told.item END AS item
    FROM told
    LEFT JOIN carried ON carried.plant IS NOT DISTINCT FROM told.plant AND carried.account IS NOT DISTINCT FROM told.account
),
summed AS (
    SELECT plant, account, item, sum(value) AS worth, sum(CASE WHEN is_in THEN amount ELSE 0 END) AS balance,
        sum(CASE WHEN is_near THEN 0 ELSE amount END) AS before, bool_or(is_unpriced) AS is_unpriced,
        min(currency) AS currency, max(currency) AS other_currency, max(CASE WHEN is_in THEN entry_no END) AS entry_no
    FROM keyed
    GROUP BY plant, account, item
),
reading AS (
    SELECT plant, account, item, CAST(0 AS DECIMAL(38, 9)) AS amount FROM summed
    UNION ALL
    SELECT plant, account, item, sum(amount) OVER (PARTITION BY plant, account, item ORDER BY recorded_at, entry_no ROWS UNBOUNDED PRECEDING) FROM keyed WHERE is_near
),
agreeing AS (
    SELECT DISTINCT summed.plant, summed.account, summed.item
    FROM summed
    JOIN reading ON reading.plant IS NOT DISTINCT FROM summed.plant AND reading.account IS NOT DISTINCT FROM summed.account AND reading.item IS NOT DISTINCT FROM summed.item
    WHERE summed.before + reading.amount = summed.worth
)
SELECT summed.plant, summed.account, summed.item, CAST(summed.worth AS DECIMAL(38, 9)) AS worth,
    CAST(CASE WHEN agreeing.is_so THEN 0 ELSE summed.balance - summed.worth END AS DECIMAL(38, 9)) AS variance,
    summed.is_unpriced, summed.currency, summed.other_currency, summed.entry_no
FROM summed
LEFT JOIN (SELECT *, true AS is_so FROM agreeing) AS agreeing ON agreeing.plant IS NOT DISTINCT FROM summed.plant
    AND agreeing.account IS NOT DISTINCT FROM summed.account AND agreeing.item IS NOT DISTINCT FROM summed.item
