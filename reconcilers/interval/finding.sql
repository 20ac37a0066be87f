/*
stage:   finding
grain:   one row per lot and place that does not show a decision, movement that did not obey one (by however many records it is told),
         stop nobody knows, or order nobody ends
reads:   offence
A place is judged by a snapshot taken after the decision had to be there.
*/
SELECT subject, max(wrong) AS code, CAST(NULL AS VARCHAR) AS also, min(decision_no) AS lead_no, max(plant) AS plant, max(item) AS item,
    CAST(NULL AS DECIMAL(38, 9)) AS quantity_expected, CAST(max(quantity) AS DECIMAL(38, 9)) AS quantity_observed,
    CAST(NULL AS DECIMAL(38, 9)) AS variance, max(unit) AS unit, CAST(max(abs(quantity)) AS DECIMAL(38, 9)) AS at_risk,
    min(occurred_at) AS occurred_at, min(due_at) AS due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass,
    CAST(NULL AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor, CAST(NULL AS DECIMAL(38, 9)) AS unexplained,
    max(note) AS note
FROM offence
WHERE due_at <= $horizon AND seen_at >= due_at
GROUP BY subject
