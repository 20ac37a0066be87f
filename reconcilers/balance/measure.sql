/*
stage:   measure
grain:   one row per plant, item and unit: how much was compared and how far the sides are apart, within tolerance or not;
         what is not compared, since it is held in more than one unit, has a row without unit and quantities
reads:   level, rest
How a total is split is measured by nobody: the total is, where it is compared.
*/
SELECT {plant_of_level} AS plant, level.item, level.unit,
    CAST(sum(greatest(abs(quantity_expected), abs(quantity_observed))) AS DECIMAL(38, 9)) AS compared,
    CAST(sum(abs(level.variance)) AS DECIMAL(38, 9)) AS gross,
    CAST(sum(level.variance) AS DECIMAL(38, 9)) AS net,
    CAST(sum(CASE WHEN NOT level.is_mixed THEN abs(coalesce(rest.unexplained, 0)) END) AS DECIMAL(38, 9)) AS unexplained
FROM level LEFT JOIN rest ON rest.key_no = level.key_no
WHERE {is_measured}
GROUP BY {plant_of_level}, level.item, level.unit
