/*
stage:   finding (keys)
grain:   one row per source, plant and key nobody has a record of
reads:   stray
*/
SELECT subject, 'unmapped_key' AS code, CAST(NULL AS VARCHAR) AS also, fact_no AS lead_no, plant, thing AS item,
    CAST(NULL AS DECIMAL(38, 9)) AS quantity_expected, CAST(NULL AS DECIMAL(38, 9)) AS quantity_observed,
    CAST(NULL AS DECIMAL(38, 9)) AS variance, CAST(NULL AS VARCHAR) AS unit, CAST(NULL AS DECIMAL(38, 9)) AS at_risk,
    first_at AS occurred_at, due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass,
    CAST(NULL AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor, CAST(NULL AS DECIMAL(38, 9)) AS unexplained,
    thing || ' is no key of a record' AS note
FROM stray
