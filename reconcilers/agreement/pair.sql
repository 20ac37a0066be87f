/*
stage:   pair
grain:   one row per plant, thing and source of the observed side, with what is wrong once it is due
reads:   record_expected, record_observed, complete
A source has to know a thing in the plants it tells of. Who lacks a thing may know it under another key, where exactly one record carries
the same: one the other side lacks as well, and both make one row; or another of the same system that both know, its twin.
*/
WITH chosen AS (
    SELECT * FROM record_expected
    QUALIFY row_number() OVER (PARTITION BY plant, thing ORDER BY changed_at DESC NULLS LAST, source) = 1
),
told AS (
    SELECT DISTINCT source, plant FROM record_observed
),
asked AS (
    SELECT told.source, told.plant, chosen.thing FROM chosen JOIN told ON told.plant = chosen.plant
    UNION
    SELECT source, plant, thing FROM record_observed
),
marked_expected AS (
    SELECT *, unnest({marks}) AS mark FROM chosen
),
marked_observed AS (
    SELECT *, unnest({marks}) AS mark FROM record_observed
),
renamed AS (
    SELECT o.source, o.plant, e.thing AS expected_thing, o.thing AS observed_thing, min({both_carry}) AS carried
    FROM marked_observed AS o
    JOIN marked_expected AS e ON e.plant = o.plant AND e.mark = o.mark
    WHERE o.is_active AND e.is_active AND {both_carry} IS NOT NULL
        AND NOT EXISTS (FROM chosen WHERE chosen.plant = o.plant AND chosen.thing = o.thing)
        AND NOT EXISTS (FROM record_observed AS own WHERE own.source = o.source AND own.plant = e.plant AND own.thing = e.thing)
    GROUP BY o.source, o.plant, e.thing, o.thing
    QUALIFY count(*) OVER (PARTITION BY o.source, o.plant, e.thing) = 1 AND count(*) OVER (PARTITION BY o.source, o.plant, o.thing) = 1
),
named AS (
    SELECT source, plant, thing, thing AS expected_thing, thing AS observed_thing, CAST(NULL AS VARCHAR) AS carried
    FROM asked
    WHERE NOT EXISTS (
        FROM renamed
        WHERE renamed.source = asked.source AND renamed.plant = asked.plant AND asked.thing IN (renamed.expected_thing, renamed.observed_thing)
    )
    UNION ALL
    SELECT source, plant, expected_thing, expected_thing, observed_thing, carried FROM renamed
),
both_sides AS (
    SELECT named.source, named.plant, named.thing, {subject} AS subject, coalesce(e.item, o.item) AS item,
        e.fact_no AS expected_no, e.general_no AS expected_general_no, o.fact_no AS observed_no, o.general_no AS observed_general_no,
        e.fact_no IS NOT NULL AND o.fact_no IS NOT NULL AND named.carried IS NULL AS is_known_to_both,
        greatest(coalesce(e.changed_at, o.changed_at), coalesce(o.changed_at, e.changed_at)) AS changed_at,
        named.observed_thing, named.carried,
        {differs} AND (e.is_active OR o.is_active) AS differs, {difference} AS difference,
        CASE
            WHEN o.fact_no IS NULL THEN {must_be_known} AND e.is_active
            WHEN e.fact_no IS NULL THEN {must_not_be_unknown} AND o.is_active
            ELSE named.carried IS NOT NULL AND ({must_be_known} OR {must_not_be_unknown})
        END AS is_missed
    FROM named
    LEFT JOIN chosen AS e ON e.plant = named.plant AND e.thing = named.expected_thing
    LEFT JOIN record_observed AS o ON o.source = named.source AND o.plant = named.plant AND o.thing = named.observed_thing
),
alike AS (
    SELECT missed.subject, twin.thing, twin.fact_no, min({one_carries}) AS carried
    FROM both_sides AS missed
    JOIN marked_expected AS one ON one.fact_no = missed.expected_no AND one.plant = missed.plant
    JOIN marked_expected AS twin ON twin.plant = one.plant AND twin.source = one.source AND twin.mark = one.mark AND twin.thing <> one.thing
    WHERE missed.is_missed AND missed.observed_no IS NULL AND {one_carries} IS NOT NULL
    GROUP BY missed.subject, twin.thing, twin.fact_no
    UNION ALL
    SELECT missed.subject, twin.thing, twin.fact_no, min({one_carries})
    FROM both_sides AS missed
    JOIN marked_observed AS one ON one.fact_no = missed.observed_no AND one.plant = missed.plant
    JOIN marked_observed AS twin ON twin.plant = one.plant AND twin.source = one.source AND twin.mark = one.mark AND twin.thing <> one.thing
    WHERE missed.is_missed AND missed.expected_no IS NULL AND {one_carries} IS NOT NULL
    GROUP BY missed.subject, twin.thing, twin.fact_no
),
twins AS (
    SELECT missed.subject, alike.thing AS twin, alike.fact_no AS twin_no, alike.carried
    FROM (FROM alike QUALIFY count(*) OVER (PARTITION BY subject) = 1) AS alike
    JOIN both_sides AS missed ON missed.subject = alike.subject
    JOIN both_sides AS settled
        ON settled.is_known_to_both AND settled.source = missed.source AND settled.plant = missed.plant AND settled.thing = alike.thing
),
judged AS (
    SELECT both_sides.* EXCLUDE (observed_thing, carried), twins.twin_no,
        coalesce(both_sides.carried, twins.carried) AS carried, CASE WHEN both_sides.carried IS NOT NULL THEN observed_thing ELSE twins.twin END AS twin,
        CASE
            WHEN is_missed AND (both_sides.carried IS NOT NULL OR twins.subject IS NOT NULL) THEN 'unmapped_key'
            WHEN is_missed THEN 'missing_counterpart'
            WHEN differs AND is_known_to_both THEN 'master_data_drift'
        END AS wrong,
        changed_at + CASE
            WHEN observed_no IS NULL THEN {missing_due}
            WHEN expected_no IS NULL OR both_sides.carried IS NOT NULL THEN {unknown_due}
            ELSE {due}
        END AS due_at
    FROM both_sides
    LEFT JOIN twins ON twins.subject = both_sides.subject
)
SELECT *,
    CASE WHEN due_at IS NULL OR due_at <= $horizon THEN wrong END AS code,
    CASE
        WHEN wrong = 'unmapped_key' THEN 'it carries the ' || carried || ' of ' || twin
        WHEN wrong = 'missing_counterpart' THEN 'unknown to ' || CASE WHEN observed_no IS NULL THEN source ELSE 'the other side' END
        ELSE difference
    END AS note
FROM judged
