/*
stage:   verdict
grain:   one row per report
reads:   standing, tally
*/
SELECT 'reports' AS side, standing.fact_no,
    CASE
        WHEN standing.left_out IS NOT NULL OR tally.subject IS NULL OR tally.reason IS NOT NULL THEN 'excluded'
        WHEN tally.is_open THEN 'not_due'
        WHEN tally.wrong IS NULL THEN 'matched'
        WHEN tally.due_at <= $horizon THEN 'excepted'
        ELSE 'not_due'
    END AS verdict,
    CASE
        WHEN standing.left_out IS NOT NULL THEN standing.left_out
        WHEN tally.subject IS NULL THEN 'nothing'
        ELSE tally.reason
    END AS reason,
    1 AS pass, coalesce(tally.lead_no, standing.fact_no) AS match_no,
    CASE WHEN tally.wrong IS NOT NULL AND tally.due_at > $horizon THEN tally.due_at END AS check_at,
    CASE WHEN tally.wrong IS NOT NULL AND tally.due_at <= $horizon THEN tally.subject END AS subject
FROM standing
LEFT JOIN tally
    ON standing.left_out IS NULL AND tally.order_no = standing.order_no AND tally.plant IS NOT DISTINCT FROM standing.plant
    AND coalesce(tally.op_no = standing.op_no, true)
