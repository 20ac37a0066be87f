/*
stage:   finding
grain:   one row per disagreement; quantities are money, their unit is its currency
reads:   told
*/
SELECT subject, code, CAST(NULL AS VARCHAR) AS also, lead_no, plant, CAST(NULL AS VARCHAR) AS item, expected AS quantity_expected, observed AS quantity_observed,
    variance, currency AS unit, at_risk, occurred_at, due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass, tolerance,
    CAST(NULL AS DECIMAL(38, 9)) AS factor, unexplained, note
FROM told
