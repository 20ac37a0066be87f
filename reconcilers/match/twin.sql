/*
stage:   twin
grain:   one row per first-pass key that more than one plain fact of a side has
reads:   expected, observed
*/
SELECT {by} FROM expected WHERE {plain} GROUP BY {by} HAVING count(*) > 1
UNION
SELECT {by} FROM observed WHERE {plain} GROUP BY {by} HAVING count(*) > 1
