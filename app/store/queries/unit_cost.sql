-- What the items of `asked` (item, plant, unit, day) cost per unit asked for: unit_cost x divided_by / (per_quantity x times).
-- The newest cost valid on the day, of the plant before that of all. One in another unit needs a conversion that is known, of
-- the item before the general, as the source of the cost tells it before others: without one, or where the nearest do not
-- agree, there is no row. A cost or a quantity without a unit is in the base unit.
WITH cost AS (
    SELECT
        asked.item, asked.plant, asked.unit, asked.day, c.unit_cost, c.per_quantity, c.unit AS cost_unit, c.currency, c.source,
        row_number() OVER (
            PARTITION BY asked.item, asked.plant, asked.unit, asked.day ORDER BY c.plant IS NULL, c.valid_from DESC, c.fact_no DESC
        ) AS place
    FROM asked
    JOIN item_cost AS c ON c.item = asked.item AND c.valid_from <= asked.day AND coalesce(c.plant = asked.plant, c.plant IS NULL)
    WHERE c.superseded_at IS NULL AND NOT c.is_deleted AND c.per_quantity > 0
),
chosen AS (
    SELECT * EXCLUDE (place), coalesce(cost_unit = unit, true) AS is_as_asked FROM cost WHERE place = 1
),
told AS (
    SELECT * FROM cross_reference WHERE object = 'unit' AND factor > 0 AND superseded_at IS NULL AND NOT is_deleted
),
conversion AS (
    SELECT of_source, of_item, of_key AS from_unit, key AS to_unit, factor AS times, CAST(1 AS DECIMAL(28, 15)) AS divided_by,
        valid_from, valid_to, fact_no, false AS is_reverse FROM told
    UNION ALL
    SELECT of_source, of_item, key, of_key, 1, factor, valid_from, valid_to, fact_no, true FROM told
),
led AS (
    SELECT chosen.*, conversion.times, conversion.divided_by, conversion.is_reverse, conversion.of_item IS NULL AS is_general,
        conversion.of_source <> chosen.source AS is_of_others,
        row_number() OVER (
            PARTITION BY chosen.item, chosen.plant, chosen.unit, chosen.day, conversion.of_source, conversion.of_item, conversion.is_reverse
            ORDER BY conversion.valid_from DESC, conversion.fact_no DESC
        ) AS place
    FROM chosen
    JOIN conversion ON conversion.from_unit = chosen.cost_unit AND conversion.to_unit = chosen.unit AND coalesce(conversion.of_item = chosen.item, true)
        AND conversion.valid_from <= chosen.day AND coalesce(conversion.valid_to > chosen.day, true)
    WHERE NOT chosen.is_as_asked
),
nearest AS (
    SELECT *, rank() OVER (PARTITION BY item, plant, unit, day ORDER BY is_general, is_of_others, is_reverse) AS nearness FROM led WHERE place = 1
)
SELECT item, plant, unit, day, unit_cost, per_quantity, currency, CAST(1 AS DECIMAL(28, 15)) AS times, CAST(1 AS DECIMAL(28, 15)) AS divided_by
FROM chosen WHERE is_as_asked
UNION ALL
SELECT item, plant, unit, day, any_value(unit_cost), any_value(per_quantity), any_value(currency), min(times), min(divided_by)
FROM nearest WHERE nearness = 1
GROUP BY item, plant, unit, day
HAVING count(DISTINCT times) = 1 AND count(DISTINCT divided_by) = 1
