/*
stage:   finding
grain:   one row per key that is off by more than its tolerance, or not compared since it is held in more than one unit
reads:   judged
What no late movement explains is due when it is first seen, which snapshots of now cannot tell: its due time is NULL.
*/
SELECT subject, CASE WHEN is_mixed THEN 'unit_mismatch' ELSE 'balance_variance' END AS code, CAST(NULL AS VARCHAR) AS also, lead_no, {plant} AS plant, item,
    quantity_expected, quantity_observed, variance, unit, abs(variance) AS at_risk,
    coalesce(occurred_at, common_at) AS occurred_at, due_at,
    CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass, tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor,
    CAST(unexplained AS DECIMAL(38, 9)) AS unexplained,
    CASE WHEN is_mixed THEN
        coalesce(nullif(units_expected, ''), 'nothing') || ' against ' || coalesce(nullif(units_observed, ''), 'nothing')
        || ': not compared until cross_reference/unit.csv leads to one unit'
    END AS note
FROM judged WHERE is_told
