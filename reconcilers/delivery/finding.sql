/*
stage:   finding
grain:   one row per message without effect, or channel nobody empties
reads:   judged
*/
SELECT subject, code, CAST(NULL AS VARCHAR) AS also, fact_no AS lead_no, plant, item,
    quantity AS quantity_expected, CAST(0 AS DECIMAL(38, 9)) AS quantity_observed, -quantity AS variance, unit,
    CASE WHEN item IS NOT NULL THEN abs(quantity) END AS at_risk, occurred_at, due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at,
    false AS is_ambiguous, 1 AS pass, CAST(NULL AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor,
    CAST(NULL AS DECIMAL(38, 9)) AS unexplained, note
FROM judged WHERE code IS NOT NULL
