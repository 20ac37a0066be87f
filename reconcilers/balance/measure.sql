/*
stage:   measure
grain:   one row per plant, item and unit: how much was compared and how far the sides are apart, within tolerance or not
reads:   level, rest
*/
SELECT {plant_of_level} AS plant, level.item, level.unit,
    CAST(sum(greatest(abs(quantity_expected), abs(quantity_observed))) AS DECIMAL(38, 9)) AS compared,
    CAST(sum(abs(level.variance)) AS DECIMAL(38, 9)) AS gross,
    CAST(sum(level.variance) AS DECIMAL(38, 9)) AS net,
    CAST(sum(abs(coalesce(rest.unexplained, 0))) AS DECIMAL(38, 9)) AS unexplained
FROM level LEFT JOIN rest ON rest.key_no = level.key_no
GROUP BY {plant_of_level}, level.item, level.unit
