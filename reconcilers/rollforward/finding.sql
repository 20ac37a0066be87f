/*
stage:   finding
grain:   one row per key that is not what its movements make it, or is below zero, or has more than one line
reads:   apart, below, doubled
When a list went wrong no fact tells: then it is due when it is first seen, and its due time is NULL.
*/
SELECT subject, CASE WHEN is_mixed THEN 'unit_mismatch' ELSE 'ledger_mismatch' END AS code, CAST(NULL AS VARCHAR) AS also, lead_no, {plant} AS plant, item,
    CASE WHEN NOT is_mixed THEN CAST(had + came AS DECIMAL(38, 9)) END AS quantity_expected,
    CASE WHEN NOT is_mixed THEN held END AS quantity_observed, CASE WHEN NOT is_mixed THEN variance END AS variance,
    CASE WHEN NOT is_mixed THEN unit END AS unit, CASE WHEN NOT is_mixed THEN abs(variance) END AS at_risk,
    occurred_at, CAST(NULL AS TIMESTAMPTZ) AS due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass,
    CAST($tolerance AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor,
    CASE WHEN NOT is_mixed THEN variance END AS unexplained,
    CASE WHEN is_mixed THEN unit || ' and ' || other_unit || ': not compared until cross_reference/unit.csv leads to one unit' ELSE note END AS note
FROM apart
UNION ALL
SELECT subject, 'negative_stock', NULL, lead_no, {plant}, item, CAST(0 AS DECIMAL(38, 9)), quantity, quantity, unit, abs(quantity),
    occurred_at, due_at, NULL, false, 1, NULL, NULL, quantity, note
FROM below
WHERE is_told
UNION ALL
SELECT subject, 'ledger_mismatch', NULL, max(lead_no), max({plant}), max(item), NULL, max(quantity), NULL, max(unit), max(at_risk),
    max(balance_at), NULL, NULL, false, 1, NULL, NULL, NULL, CAST(max(lines) AS VARCHAR) || ' lines of one place, lot and status'
FROM doubled
GROUP BY subject
