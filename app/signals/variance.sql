-- signal:  reconciliation variance, gross beside net, in quantity and value
-- formula: gross = sum |A - B| x cost; net = sum (A - B) x cost; percent = gross / sum max(|A|, |B|) x cost;
--          explained share = 1 - sum |unexplained| x cost / gross
-- grain:   one row per plant, item and unit: quantities, and what a unit costs; `variance` adds them up, exactly
WITH asked AS (
    SELECT DISTINCT item, plant, unit, CAST($as_of AS DATE) AS day FROM measure
),
cost AS (
    {unit_cost}
)
SELECT measure.plant, measure.item, measure.unit,
    sum(measure.compared) AS compared, sum(measure.gross) AS gross, sum(measure.net) AS net, sum(measure.unexplained) AS unexplained,
    any_value(cost.unit_cost) AS unit_cost, any_value(cost.per_quantity) AS per_quantity, any_value(cost.currency) AS currency,
    any_value(cost.times) AS times, any_value(cost.divided_by) AS divided_by
FROM measure
LEFT JOIN cost ON cost.item = measure.item AND cost.plant IS NOT DISTINCT FROM measure.plant AND cost.unit IS NOT DISTINCT FROM measure.unit
GROUP BY measure.plant, measure.item, measure.unit
