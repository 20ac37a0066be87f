/*
stage:   home
grain:   one row per plant and item: the account its newest entry is in, of whatever year
reads:   ledger, cut
What leaves one account for another is entered in both at once: the item is where it went.
*/
SELECT cut.plant, ledger.item, arg_max({account}, (ledger.recorded_at IS NOT NULL, ledger.recorded_at, ledger.amount > 0, ledger.account)) AS account
FROM ledger
JOIN cut ON cut.plant IS NOT DISTINCT FROM {plant_of_ledger}
WHERE ledger.item IS NOT NULL AND coalesce(ledger.recorded_at <= cut.cut_at + {blur}, true)
GROUP BY cut.plant, ledger.item
