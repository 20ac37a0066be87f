/*
stage:   record
grain:   one row per source, plant and thing it knows there: what it tells of the thing
reads:   expected, observed or records; speaker
What a source says of all plants completes what it says of one. Where it says nothing of any plant alone, it is said of every
plant the source speaks for.
*/
WITH newest AS (
    SELECT fact_no, source, plant, {key} AS thing, item, is_active, changed_at{told}
    FROM {side}
    WHERE {key} IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY source, plant, {key} ORDER BY changed_at DESC NULLS LAST, feed, source_key) = 1
),
own AS (
    SELECT * FROM newest WHERE plant IS NOT NULL
),
general AS (
    SELECT * FROM newest WHERE plant IS NULL
)
SELECT own.source, own.plant, own.thing, own.item, own.fact_no, general.fact_no AS general_no,
    coalesce(own.is_active, general.is_active, true) AS is_active,
    greatest(coalesce(own.changed_at, general.changed_at), coalesce(general.changed_at, own.changed_at)) AS changed_at{own}
FROM own
LEFT JOIN general ON general.source = own.source AND general.thing = own.thing
UNION ALL
SELECT general.source, speaker.plant, general.thing, general.item, general.fact_no, CAST(NULL AS BIGINT),
    coalesce(general.is_active, true), general.changed_at{general}
FROM general
JOIN speaker ON speaker.source = general.source
WHERE general.source NOT IN (SELECT source FROM own)
