/*
stage:   carried
grain:   one row per plant and account: whether its entries can be told apart by item, and whether more than one ledger tells it
reads:   entry
A balance carried forward without items says nothing of any of them. Companies are added where plants are, ledgers never.
*/
SELECT plant, account, bool_or(item IS NOT NULL) AND NOT bool_or(is_opening AND item IS NULL) AS is_by_item, bool_and(is_opened) AS is_opened,
    count(DISTINCT (source, company, ledger)) > CASE WHEN plant IS NULL THEN count(DISTINCT (source, company)) ELSE 1 END AS is_manifold
FROM entry
GROUP BY plant, account
