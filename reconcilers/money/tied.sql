/*
stage:   tied
grain:   one row per plant and account: what its stock is worth, by how much the account differs, and why that may not be said
reads:   level, carried, cut
*/
WITH summed AS (
    SELECT plant, account, CAST(sum(worth) AS DECIMAL(38, 9)) AS worth, CAST(sum(variance) AS DECIMAL(38, 9)) AS variance,
        CAST(sum(CASE WHEN item IS NULL THEN variance ELSE 0 END) AS DECIMAL(38, 9)) AS of_no_item,
        {has_account} AND bool_or(bool_or(account IS NULL AND coalesce(worth <> 0, true))) OVER (PARTITION BY plant) AS has_homeless,
        min(currency) AS currency, max(other_currency) AS other_currency, bool_or(is_unpriced) AS is_unpriced,
        arg_max(entry_no, (abs(variance), entry_no)) AS entry_no,
        arg_max(coalesce(item, ''), (abs(variance), coalesce(item, ''))) AS item, arg_max(variance, (abs(variance), coalesce(item, ''))) AS of_item
    FROM level
    GROUP BY plant, account
),
judged AS (
    SELECT summed.*, CASE WHEN summed.currency = $currency THEN CAST($tolerance AS DECIMAL(38, 9)) ELSE CAST(0 AS DECIMAL(38, 9)) END AS tolerance,
        coalesce(carried.is_by_item, true) AS is_by_item, CASE WHEN coalesce(carried.is_by_item, true) THEN summed.of_no_item ELSE CAST(0 AS DECIMAL(38, 9)) END AS explained,
        CASE
            WHEN summed.has_homeless AND (summed.account IS NULL OR NOT carried.is_by_item) THEN 'no account is known for an item of the plant'
            WHEN carried.is_manifold THEN 'more than one company or ledger tells the account'
            WHEN summed.is_unpriced THEN 'an item of the account has no cost in its unit'
            WHEN summed.currency <> summed.other_currency THEN 'costs and account are in different currencies'
            WHEN NOT ({is_whole} OR coalesce(carried.is_opened, false)) THEN 'entries are not told from the beginning'
        END AS unknown_because
    FROM summed
    LEFT JOIN carried ON carried.plant IS NOT DISTINCT FROM summed.plant AND carried.account IS NOT DISTINCT FROM summed.account
)
SELECT judged.*, cut.cut_at, unknown_because IS NULL AND abs(variance) > tolerance AS is_off, {subject} AS subject
FROM judged
JOIN cut ON cut.plant IS NOT DISTINCT FROM judged.plant
