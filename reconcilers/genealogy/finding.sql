/*
stage:   finding
grain:   one row per lot that is used and came from nowhere
reads:   judged
What was used of it in several units is not added up.
*/
SELECT subject, 'genealogy_gap' AS code, CAST(NULL AS VARCHAR) AS also,
    arg_min(fact_no, (event_at, fact_no)) AS lead_no, arg_min(plant, (event_at, fact_no)) AS plant, max(item) AS item,
    CASE WHEN count(DISTINCT unit) = 1 THEN CAST(-sum(quantity) AS DECIMAL(38, 9)) END AS quantity_expected,
    CASE WHEN count(DISTINCT unit) = 1 THEN CAST(0 AS DECIMAL(38, 9)) END AS quantity_observed,
    CASE WHEN count(DISTINCT unit) = 1 THEN CAST(sum(quantity) AS DECIMAL(38, 9)) END AS variance,
    CASE WHEN count(DISTINCT unit) = 1 THEN max(unit) END AS unit,
    CASE WHEN count(DISTINCT unit) = 1 THEN CAST(-sum(quantity) AS DECIMAL(38, 9)) END AS at_risk,
    min(event_at) AS occurred_at, min(due_at) AS due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at,
    false AS is_ambiguous, 1 AS pass, CAST(NULL AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor,
    CAST(NULL AS DECIMAL(38, 9)) AS unexplained,
    'nobody made or received it' AS note
FROM judged WHERE is_gap AND is_due
GROUP BY subject
