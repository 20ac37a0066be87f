/*
stage:   priced
grain:   one row per item and unit in the stock of a plant: what it is worth, to the cent; NULL where no cost is known in its unit; nothing is worth nothing
reads:   stock, costs, plant_day
The newest cost that holds on the day of the list, of the plant before that of all. What belongs to others is worth nothing here.
Whole numbers, because a quotient of decimals is a float: quantity, cost and the quantity it is for are counted in billionths.
*/
WITH held AS (
    SELECT plant AS at_plant, item, unit, CAST(sum(quantity) AS DECIMAL(38, 9)) AS quantity, min(balance_at) AS balance_at
    FROM stock
    WHERE {is_own}
    GROUP BY ALL
),
dated AS (
    SELECT held.*, coalesce(plant_day.day, CAST(held.balance_at AS DATE)) AS day
    FROM held
    LEFT JOIN plant_day ON plant_day.plant_code = held.at_plant AND held.balance_at >= plant_day.begins_at AND held.balance_at < plant_day.ends_at
),
offered AS (
    SELECT dated.at_plant, dated.item, dated.unit, dated.quantity, costs.unit_cost, costs.per_quantity, costs.unit AS cost_unit, costs.currency,
        row_number() OVER (PARTITION BY dated.at_plant, dated.item, dated.unit ORDER BY costs.plant IS NULL, costs.valid_from DESC, costs.fact_no DESC) AS place
    FROM dated
    LEFT JOIN costs ON costs.item = dated.item AND costs.valid_from <= dated.day AND costs.per_quantity > 0 AND coalesce(costs.plant = dated.at_plant, costs.plant IS NULL)
),
counted AS (
    SELECT at_plant, item, currency,
        CASE WHEN quantity = 0 THEN 0 WHEN coalesce(cost_unit = unit, true) THEN CAST(quantity * 1000000000 AS HUGEINT) * CAST(unit_cost * 1000000000 AS HUGEINT) END AS product,
        CAST(coalesce(per_quantity, 1) * 1000000000 AS HUGEINT) * 10000000 AS divisor
    FROM offered
    WHERE place = 1
)
SELECT at_plant, item, currency,
    CAST(CAST(sign(product) * ((2 * abs(product) + divisor) // (2 * divisor)) AS DECIMAL(36, 0)) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(38, 9)) AS value
FROM counted
