/*
stage:   verdict
grain:   one row per line of a snapshot
reads:   line, level, judged
*/
SELECT line.side, line.fact_no,
    CASE
        WHEN judged.key_no IS NULL THEN 'matched'
        WHEN judged.only_waiting THEN 'not_due'
        WHEN judged.total_differs THEN 'excluded'
        ELSE 'excepted'
    END AS verdict,
    CASE WHEN judged.total_differs AND NOT judged.only_waiting THEN 'the total differs' END AS reason,
    1 AS pass, level.key_no AS match_no,
    CASE WHEN judged.only_waiting THEN judged.waiting_until END AS check_at,
    CASE WHEN judged.is_told THEN judged.subject END AS subject
FROM line
JOIN level ON {same_line}
LEFT JOIN judged ON judged.key_no = level.key_no
