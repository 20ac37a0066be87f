/*
stage:   part
grain:   one row per report, and order, of a finding
reads:   finding, tally, verdict
*/
SELECT finding.subject, 'expected' AS role, 'order_state' AS of_table, tally.order_fact_no AS fact_no,
    CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM finding JOIN tally ON tally.subject = finding.subject
WHERE tally.order_fact_no IS NOT NULL
UNION ALL
SELECT finding.subject, CASE WHEN tally.order_fact_no IS NULL THEN 'expected' ELSE 'observed' END, 'business_event', verdict.fact_no, NULL, NULL
FROM finding
JOIN tally ON tally.subject = finding.subject
JOIN verdict ON verdict.subject = finding.subject
