/*
stage:   tied
grain:   one row per plant and account: what its stock is worth, by how much the account differs, and why that may not be said
reads:   level, carried, entry, cut, priced
*/
WITH journal AS (
    SELECT entry.plant, entry.account, CAST(sum(entry.amount) AS DECIMAL(38, 9)) AS amount
    FROM entry
    JOIN carried ON carried.plant IS NOT DISTINCT FROM entry.plant AND carried.account IS NOT DISTINCT FROM entry.account
    WHERE carried.is_by_item AND entry.is_in AND entry.item IS NULL
    GROUP BY entry.plant, entry.account
),
summed AS (
    SELECT plant, account, CAST(sum(worth) AS DECIMAL(38, 9)) AS worth, CAST(sum(variance) AS DECIMAL(38, 9)) AS variance,
        min(currency) AS currency, max(other_currency) AS other_currency, bool_or(is_unpriced) AS is_unpriced,
        arg_max(entry_no, (abs(variance), entry_no)) AS entry_no,
        arg_max(coalesce(item, ''), (abs(variance), coalesce(item, ''))) AS item, arg_max(variance, (abs(variance), coalesce(item, ''))) AS of_item
    FROM level
    GROUP BY plant, account
),
judged AS (
    SELECT summed.*, CASE WHEN summed.currency = $currency THEN CAST($tolerance AS DECIMAL(38, 9)) ELSE CAST(0 AS DECIMAL(38, 9)) END AS tolerance,
        CAST(coalesce(journal.amount, 0) AS DECIMAL(38, 9)) AS explained,
        CASE
            WHEN summed.is_unpriced THEN 'an item of the account has no cost in its unit'
            WHEN summed.currency <> summed.other_currency THEN 'costs and account are in different currencies'
            WHEN NOT ({is_whole} OR coalesce(carried.is_opened, false)) THEN 'entries are not told from the beginning'
        END AS unknown_because
    FROM summed
    LEFT JOIN journal ON journal.plant IS NOT DISTINCT FROM summed.plant AND journal.account IS NOT DISTINCT FROM summed.account
    LEFT JOIN carried ON carried.plant IS NOT DISTINCT FROM summed.plant AND carried.account IS NOT DISTINCT FROM summed.account
)
SELECT judged.*, cut.cut_at, unknown_because IS NULL AND abs(variance) > tolerance AS is_off, {subject} AS subject
FROM judged
JOIN cut ON cut.plant IS NOT DISTINCT FROM judged.plant
