/*
stage:   pair
grain:   one row per plant, thing and source of the observed side, with what is wrong once it is due
reads:   record_expected, record_observed
A source has to know a thing in the plants it tells of. Who lacks a thing may know it under a key the other side has not: then
one of its records carries the same name and is nobody's counterpart.
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
both_sides AS (
    SELECT asked.source, asked.plant, asked.thing, {subject} AS subject, coalesce(e.item, o.item) AS item,
        e.fact_no AS expected_no, e.general_no AS expected_general_no, o.fact_no AS observed_no, o.general_no AS observed_general_no,
        e.fact_no IS NOT NULL AND o.fact_no IS NOT NULL AS is_known_to_both,
        greatest(coalesce(e.changed_at, o.changed_at), coalesce(o.changed_at, e.changed_at)) AS changed_at,
        {differs} AS differs, {difference} AS difference,
        CASE
            WHEN o.fact_no IS NULL THEN {must_be_known} AND e.is_active
            WHEN e.fact_no IS NULL THEN {must_not_be_unknown} AND o.is_active
            ELSE false
        END AS is_missed
    FROM asked
    LEFT JOIN chosen AS e ON e.plant = asked.plant AND e.thing = asked.thing
    LEFT JOIN record_observed AS o ON o.source = asked.source AND o.plant = asked.plant AND o.thing = asked.thing
),
twins AS (
    SELECT missed.subject, min((twin.thing, twin.fact_no)) AS twin
    FROM both_sides AS missed
    JOIN chosen AS e ON e.fact_no = missed.expected_no AND e.plant = missed.plant
    JOIN chosen AS twin ON twin.plant = e.plant AND twin.source = e.source AND twin.thing <> e.thing AND ({expected_twin})
    JOIN both_sides AS settled
        ON settled.is_known_to_both AND settled.source = missed.source AND settled.plant = missed.plant AND settled.thing = twin.thing
    WHERE missed.is_missed AND missed.observed_no IS NULL
    GROUP BY missed.subject
    UNION ALL
    SELECT missed.subject, min((twin.thing, twin.fact_no))
    FROM both_sides AS missed
    JOIN record_observed AS o ON o.fact_no = missed.observed_no AND o.plant = missed.plant
    JOIN record_observed AS twin ON twin.plant = o.plant AND twin.source = o.source AND twin.thing <> o.thing AND ({observed_twin})
    JOIN both_sides AS settled
        ON settled.is_known_to_both AND settled.source = missed.source AND settled.plant = missed.plant AND settled.thing = twin.thing
    WHERE missed.is_missed AND missed.expected_no IS NULL
    GROUP BY missed.subject
),
judged AS (
    SELECT both_sides.*, twins.twin[1] AS twin, twins.twin[2] AS twin_no,
        CASE
            WHEN is_missed AND twins.subject IS NOT NULL THEN 'unmapped_key'
            WHEN is_missed THEN 'missing_counterpart'
            WHEN differs THEN 'master_data_drift'
        END AS wrong,
        changed_at + CASE WHEN observed_no IS NULL THEN {missing_due} WHEN expected_no IS NULL THEN {unknown_due} ELSE {due} END AS due_at
    FROM both_sides
    LEFT JOIN twins ON twins.subject = both_sides.subject
)
SELECT *,
    CASE WHEN due_at IS NULL OR due_at <= $horizon THEN wrong END AS code,
    CASE
        WHEN wrong = 'unmapped_key' THEN 'it is ' || twin || ' as well'
        WHEN wrong = 'missing_counterpart' THEN 'unknown to ' || CASE WHEN observed_no IS NULL THEN source ELSE 'the other side' END
        ELSE difference
    END AS note
FROM judged
