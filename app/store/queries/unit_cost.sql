-- What an item costs: the newest cost valid on the day, of one plant or (plant NULL) of all.
SELECT
    arg_max(unit_cost, valid_from) AS unit_cost,
    arg_max(per_quantity, valid_from) AS per_quantity,
    arg_max(currency, valid_from) AS currency
FROM item_cost
WHERE item = $item AND plant IS NOT DISTINCT FROM $plant AND valid_from <= $day AND superseded_at IS NULL AND NOT is_deleted
