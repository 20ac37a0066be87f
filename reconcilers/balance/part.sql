/*
stage:   part
grain:   one row per snapshot line of a finding, where there is none per movement rolled into it, and one per share of its variance
reads:   judged, line, rolled, level, share, leftover
*/
SELECT judged.subject, line.side AS role, 'stock_balance' AS of_table, line.fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM judged JOIN line ON {same_line_judged}
WHERE judged.is_told
UNION ALL
SELECT judged.subject, rolled.side, 'business_event', rolled.fact_no, NULL, NULL
FROM judged JOIN rolled ON {same_rolled_judged}
WHERE judged.is_only_rolled AND judged.is_told
UNION ALL
SELECT judged.subject, 'explains', 'business_event', share.fact_no, share.cause, CAST(share.quantity AS DECIMAL(38, 9))
FROM judged JOIN share ON {same_share_judged}
WHERE judged.is_told
UNION ALL
SELECT judged.subject, 'explains', NULL, NULL, leftover.cause, CAST(leftover.quantity AS DECIMAL(38, 9))
FROM judged JOIN leftover ON leftover.key_no = judged.key_no
WHERE judged.is_told
