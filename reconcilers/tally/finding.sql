/*
stage:   finding
grain:   one row per order, or order and operation, of which a sum is wrong
reads:   tally
*/
SELECT subject, wrong AS code, CAST(NULL AS VARCHAR) AS also, lead_no, plant, item,
    CAST(quantity_expected AS DECIMAL(38, 9)) AS quantity_expected, CAST(quantity_observed AS DECIMAL(38, 9)) AS quantity_observed,
    CAST(coalesce(quantity_observed, 0) - quantity_expected AS DECIMAL(38, 9)) AS variance, unit,
    CAST(at_risk AS DECIMAL(38, 9)) AS at_risk, occurred_at, due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass,
    tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor, CAST(NULL AS DECIMAL(38, 9)) AS unexplained, note
FROM tally
WHERE wrong IS NOT NULL AND due_at <= $horizon
