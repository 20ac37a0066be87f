/*
stage:   finding
grain:   one row per row of the statement that is due
reads:   sql_told
*/
SELECT subject, code, CAST(NULL AS VARCHAR) AS also, lead_no, plant, item, quantity_expected, quantity_observed,
    quantity_observed - quantity_expected AS variance, unit,
    coalesce(abs(at_risk), abs(quantity_observed - quantity_expected), abs(quantity_expected), abs(quantity_observed)) AS at_risk,
    coalesce(occurred_at, is_from) AS occurred_at, due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass,
    CAST(NULL AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor, CAST(NULL AS DECIMAL(38, 9)) AS unexplained,
    note[:200] AS note
FROM sql_told WHERE NOT is_waiting
