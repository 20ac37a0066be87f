-- One row of item_cost.csv: what one item is worth from a date on.
SELECT
    concat_ws('/', item, plant, valid_from)          AS source_key,
    item,
    plant,
    coalesce(date_of(valid_from), DATE '1900-01-01') AS valid_from,
    exact(unit_cost)                                 AS unit_cost,
    coalesce(exact(per_quantity), 1)                 AS per_quantity,
    unit,
    currency,
    method
FROM page
