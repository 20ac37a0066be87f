/*
stage:   pair
grain:   one row per order known to either side, with what is wrong with it once it is due
reads:   newest_expected, newest_observed, allowed_pair
*/
WITH e AS (
    SELECT * FROM newest_expected WHERE is_newest
),
o AS (
    SELECT * FROM newest_observed WHERE is_newest
),
both_sides AS (
    SELECT {keys}, {subject} AS subject,
        e.fact_no AS expected_no, o.fact_no AS observed_no, e.status AS expected_status, o.status AS observed_status,
        coalesce(e.plant, o.plant) AS plant, coalesce(e.item, o.item) AS item,
        coalesce(CASE WHEN e.quantity IS NULL THEN o.unit END, e.unit, o.unit) AS unit,
        e.quantity AS quantity_expected, o.quantity AS quantity_observed,
        greatest(coalesce(e.changed_at, o.changed_at), coalesce(o.changed_at, e.changed_at)) AS changed_at,
        coalesce(e.unit <> o.unit, false) AS unit_differs,
        coalesce(e.unit <> o.unit, false) AND {quantity_asked} AS quantity_mixed,
        {differs} AS differs, {other_differs} AS other_differs,
        {misplaced} AS misplaced,
        e.unit AS unit_expected, o.unit AS unit_observed,
        CASE
            WHEN o.fact_no IS NULL THEN e.status IN ({missing_when})
            WHEN e.fact_no IS NULL THEN o.status IN ({unknown_when})
            ELSE {is_judged} AND allowed_pair.expected IS NULL
        END AS is_off
    FROM e
    FULL JOIN o ON {same}
    LEFT JOIN allowed_pair ON allowed_pair.expected = e.status AND allowed_pair.observed = o.status
),
judged AS (
    SELECT *,
        CASE
            WHEN is_off AND (expected_no IS NULL OR observed_no IS NULL) THEN 'missing_counterpart'
            WHEN is_off THEN 'status_drift'
            WHEN (differs OR quantity_mixed) AND expected_no IS NOT NULL AND observed_no IS NOT NULL THEN '{changed_otherwise}'
        END AS wrong,
        changed_at + CASE WHEN observed_no IS NULL THEN {missing_due} WHEN expected_no IS NULL THEN {unknown_due} ELSE {due} END AS promised_at,
        CASE WHEN expected_no IS NOT NULL AND observed_no IS NOT NULL AND expected_status IN ({idle_when}) THEN {idle_due} END AS idle_at
    FROM both_sides
    {idle_joins}
)
SELECT *,
    CASE WHEN wrong IS NULL THEN idle_at ELSE promised_at END AS due_at,
    CASE
        WHEN wrong IS NULL AND idle_at <= $horizon THEN 'status_drift'
        WHEN promised_at IS NULL OR promised_at <= $horizon THEN wrong
    END AS code
FROM judged
