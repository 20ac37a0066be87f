-- signal:  reconciliation variance, gross beside net, in quantity and value, per plant
-- formula: gross = sum |A - B| x cost; net = sum (A - B) x cost; percent = gross / sum max(|A|, |B|) x cost;
--          explained share = 1 - sum |unexplained| x cost / gross. Quantities of different units are never added: their
--          share is the share of value; items without a cost count in quantity_items only.
WITH cost AS (
    SELECT item, plant, arg_max(unit_cost, valid_from) AS unit_cost, arg_max(per_quantity, valid_from) AS per_quantity, arg_max(currency, valid_from) AS currency
    FROM item_cost
    WHERE superseded_at IS NULL AND NOT is_deleted AND valid_from <= CAST($as_of AS DATE)
    GROUP BY item, plant
),
priced AS (
    SELECT measure.*,
        CAST(coalesce(own.unit_cost, general.unit_cost) AS DOUBLE) / CAST(coalesce(own.per_quantity, general.per_quantity) AS DOUBLE) AS unit_value,
        coalesce(own.currency, general.currency) AS currency
    FROM measure
    LEFT JOIN cost AS own ON own.item = measure.item AND own.plant = measure.plant
    LEFT JOIN cost AS general ON general.item = measure.item AND general.plant IS NULL
)
SELECT CASE WHEN grouping(plant) = 1 THEN '*' ELSE coalesce(plant, '') END AS plant,
    sum(gross * unit_value) AS gross, sum(net * unit_value) AS net, sum(compared * unit_value) AS compared, sum(unexplained * unit_value) AS unexplained,
    count(DISTINCT item) AS items, count(DISTINCT CASE WHEN gross <> 0 THEN item END) AS items_off, count(DISTINCT CASE WHEN unit_value IS NULL THEN item END) AS items_unpriced,
    CASE WHEN count(DISTINCT currency) <= 1 THEN max(currency) END AS currency,
    CASE WHEN count(DISTINCT unit) <= 1 THEN sum(gross) END AS quantity, CASE WHEN count(DISTINCT unit) <= 1 THEN sum(compared) END AS quantity_compared, max(unit) AS unit
FROM priced
GROUP BY GROUPING SETS ((plant), ())
