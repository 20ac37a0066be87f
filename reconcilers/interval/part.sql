/*
stage:   part
grain:   one row per decision, stock line, movement, stop or order of a finding
reads:   finding, offence
*/
SELECT DISTINCT offence.subject, 'expected' AS role, '{table}' AS of_table, offence.decision_no AS fact_no,
    CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM offence JOIN finding ON finding.subject = offence.subject
UNION ALL
SELECT DISTINCT offence.subject, 'observed', offence.of_table, offence.other_no, NULL, NULL
FROM offence JOIN finding ON finding.subject = offence.subject
WHERE offence.other_no IS NOT NULL
