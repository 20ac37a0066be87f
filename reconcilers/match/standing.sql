/*
stage:   standing
grain:   one row per fact: live, reversed, cancelled, failed or planned; `turn` orders all of them, whatever order they came in
reads:   fact, undone
*/
SELECT fact.*,
    CASE
        WHEN taken_back.fact_no IS NOT NULL THEN 'reversed'
        WHEN fact.state IN ('failed', 'pending', 'draft') THEN 'failed'
        WHEN fact.state = 'posted' THEN 'live'
        ELSE fact.state
    END AS standing,
    row_number() OVER (ORDER BY fact.event_at, fact.side, fact.source, fact.feed, fact.source_key) AS turn
FROM fact
LEFT JOIN (SELECT DISTINCT fact_no FROM undone) AS taken_back ON taken_back.fact_no = fact.fact_no
