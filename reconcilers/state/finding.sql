/*
stage:   finding
grain:   one row per order that is out of step
reads:   pair
Quantities in different units are not subtracted: there is no variance then, and for a revision nothing to value. Of a
decision posted otherwise the quantity is at risk that is free on one side only.
*/
SELECT subject, code, CAST(NULL AS VARCHAR) AS also, coalesce(expected_no, observed_no) AS lead_no, plant, item,
    quantity_expected, quantity_observed,
    CASE WHEN expected_no IS NOT NULL AND observed_no IS NOT NULL AND NOT unit_differs THEN quantity_observed - quantity_expected END AS variance,
    CASE WHEN code <> 'revision_drift' OR NOT unit_differs THEN unit END AS unit,
    CASE
        WHEN code = 'attribute_mismatch' THEN misplaced
        WHEN code <> 'revision_drift' THEN coalesce(quantity_expected, quantity_observed)
        WHEN NOT unit_differs THEN abs(coalesce(quantity_observed - quantity_expected, 0))
    END AS at_risk,
    changed_at AS occurred_at, due_at, CAST(NULL AS TIMESTAMPTZ) AS settled_at, false AS is_ambiguous, 1 AS pass,
    CAST(NULL AS DECIMAL(38, 9)) AS tolerance, CAST(NULL AS DECIMAL(38, 9)) AS factor, CAST(NULL AS DECIMAL(38, 9)) AS unexplained,
    CASE
        WHEN code = 'revision_drift' AND quantity_mixed AND NOT other_differs THEN 'in ' || unit_expected || ' on one side, in ' || unit_observed || ' on the other'
        WHEN wrong IS NULL THEN expected_status || ', and nothing changed since'
        WHEN code = 'status_drift' THEN expected_status || ' on one side, ' || observed_status || ' on the other'
        WHEN code = 'missing_counterpart' THEN coalesce(expected_status, observed_status) || ', unknown on the other side'
    END AS note
FROM pair WHERE code IS NOT NULL
