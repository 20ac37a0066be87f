/*
stage:   home
grain:   one row per plant and item: the account its newest entry is in
reads:   entry
*/
SELECT plant, item, arg_max(account, (recorded_at IS NOT NULL, recorded_at, fact_no)) AS account
FROM entry
WHERE item IS NOT NULL
GROUP BY plant, item
