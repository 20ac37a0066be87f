/*
stage:   finding (records)
grain:   one row per thing two systems do not know alike
reads:   pair
*/
SELECT subject, code, CAST(NULL AS VARCHAR) AS also, coalesce(expected_no, observed_no) AS lead_no, plant, item,
    CAST(NULL AS DECIMAL(38, 9)) AS quantity_expected, CAST(NULL AS DECIMAL(38, 9)) AS quantity_observed,
    CAST(NULL AS DECIMAL(38, 9)) AS variance, CAST(NULL AS VARCHAR) AS unit, CAST(NULL AS DECIMAL(38, 9)) AS at_risk,
    changed_at AS occurred_at, due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass,
    CAST(NULL AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor, CAST(NULL AS DECIMAL(38, 9)) AS unexplained,
    note
FROM pair WHERE code IS NOT NULL
