/*
stage:   finding
grain:   one row per subject that disagrees, or agreed too late
reads:   coded, doubt, seat
Where several units share one subject (a group key met in more than one pass) they are one finding.
Quantities in different units are never added up or compared: there is no variance then, and nothing to value.
*/
WITH doubtful AS (
    SELECT DISTINCT seat.unit_no FROM doubt JOIN seat ON seat.fact_no = doubt.fact_no
),
wrong AS (
    SELECT coded.*, coded.code IS NULL AS only_late, coded.is_ambiguous OR doubtful.unit_no IS NOT NULL AS unclear
    FROM coded LEFT JOIN doubtful ON doubtful.unit_no = coded.unit_no
    WHERE coded.code IS NOT NULL OR (coded.is_settled AND coded.is_late)
),
open_first AS (
    SELECT *, row_number() OVER (PARTITION BY subject ORDER BY only_late, turn) AS place,
        sum(CASE WHEN only_late THEN 0 ELSE 1 END) OVER (PARTITION BY subject) AS open_units
    FROM wrong
),
chosen AS (
    SELECT *, bool_or(unit_differs) OVER (PARTITION BY subject) AS any_unit_differs FROM open_first WHERE NOT only_late OR open_units = 0
)
SELECT
    subject,
    coalesce(max(CASE WHEN place = 1 THEN code END), 'late_posting') AS code,
    max(CASE WHEN place = 1 THEN also END) AS also,
    max(CASE WHEN place = 1 THEN lead_no END) AS lead_no,
    max(CASE WHEN place = 1 THEN plant END) AS plant,
    max(CASE WHEN place = 1 THEN item END) AS item,
    CASE WHEN NOT any_unit_differs THEN CAST(sum(quantity_expected) AS DECIMAL(38, 9)) END AS quantity_expected,
    CASE WHEN NOT any_unit_differs THEN CAST(sum(quantity_observed) AS DECIMAL(38, 9)) END AS quantity_observed,
    CASE WHEN NOT any_unit_differs THEN CAST(sum(variance) AS DECIMAL(38, 9)) END AS variance,
    CASE WHEN NOT any_unit_differs THEN max(unit) END AS unit,
    CASE WHEN NOT any_unit_differs THEN CAST(sum(CASE WHEN is_paired AND NOT quantity_differs AND NOT is_copied THEN abs(coalesce(quantity_observed, 0)) ELSE abs(variance) END) AS DECIMAL(38, 9)) END AS at_risk,
    min(coalesce(expected_at, observed_at)) AS occurred_at,
    min(due_at) AS due_at,
    CASE WHEN min(CASE WHEN only_late THEN 1 ELSE 0 END) = 1 THEN max(posted_at) END AS settled_at,
    max(CASE WHEN unclear THEN 1 ELSE 0 END) = 1 AS is_ambiguous,
    max(pass) AS pass,
    max(tolerance) AS tolerance,
    max(factor) AS factor,
    CAST(NULL AS DECIMAL(38, 9)) AS unexplained,
    max(CASE WHEN is_crowded THEN 'more facts share this key than a match may have' END) AS note
FROM chosen
GROUP BY subject, any_unit_differs
