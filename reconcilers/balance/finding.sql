/*
stage:   finding
grain:   one row per key that is off by more than its tolerance
reads:   judged
*/
SELECT subject, 'balance_variance' AS code, CAST(NULL AS VARCHAR) AS also, lead_no, {plant} AS plant, item,
    quantity_expected, quantity_observed, variance, unit, abs(variance) AS at_risk,
    coalesce(occurred_at, common_at) AS occurred_at, coalesce(due_at, common_at) AS due_at,
    CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass, tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor,
    CAST(unexplained AS DECIMAL(38, 9)) AS unexplained, CAST(NULL AS VARCHAR) AS note
FROM judged WHERE NOT only_waiting
