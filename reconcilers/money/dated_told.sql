/*
stage:   told
grain:   one row per document that was posted into a closed period; what it moves is the larger of its sides
reads:   dated
Amounts in several currencies are not added.
*/
SELECT subject, 'wrong_period' AS code, arg_min(fact_no, (recorded_at, fact_no)) AS lead_no, arg_min(plant, (recorded_at, fact_no)) AS plant,
    CAST(NULL AS DECIMAL(38, 9)) AS expected, CAST(NULL AS DECIMAL(38, 9)) AS observed, CAST(NULL AS DECIMAL(38, 9)) AS variance,
    CASE WHEN count(DISTINCT currency) = 1 THEN max(currency) END AS currency,
    CASE WHEN count(DISTINCT currency) = 1
        THEN CAST(greatest(sum(CASE WHEN amount > 0 THEN amount ELSE 0 END), sum(CASE WHEN amount < 0 THEN -amount ELSE 0 END)) AS DECIMAL(38, 9)) END AS at_risk,
    min(recorded_at) AS occurred_at, min(recorded_at) AS due_at, CAST(NULL AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS unexplained,
    'Dated ' || CAST(min(posting_on) AS VARCHAR) || ', entered after period ' || min(period) || ' was closed'
        || CASE WHEN bool_or(is_reopened) THEN ' and opened again' ELSE '' END AS note
FROM dated
WHERE aside IS NULL AND is_late
GROUP BY subject
