/*
stage:   carried
grain:   one row per plant and account: whether its entries can be told apart by item
reads:   entry
A balance carried forward without items says nothing of any of them.
*/
SELECT plant, account, bool_or(item IS NOT NULL) AND NOT bool_or(is_opening AND item IS NULL) AS is_by_item, bool_and(is_opened) AS is_opened
FROM entry
GROUP BY plant, account
