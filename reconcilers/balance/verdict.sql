/*
stage:   verdict
grain:   one row per line of a snapshot
reads:   line, level, judged
*/
SELECT line.side, line.fact_no,
    CASE WHEN judged.key_no IS NULL THEN 'matched' WHEN judged.only_waiting THEN 'not_due' ELSE 'excepted' END AS verdict,
    CAST(NULL AS VARCHAR) AS reason, 1 AS pass, level.key_no AS match_no,
    CASE WHEN judged.only_waiting THEN judged.waiting_until END AS check_at,
    CASE WHEN NOT judged.only_waiting THEN judged.subject END AS subject
FROM line
JOIN level ON {same_line}
LEFT JOIN judged ON judged.key_no = level.key_no
