/*
stage:   quiet
grain:   one row per source and plant from which nothing came for too long, and per source that lets us in no more
reads:   stream, refusal
*/
WITH expected AS (
    SELECT stream.*, {due} AS due_at FROM stream {due_joins}
),
refused AS (
    SELECT source, min(since) AS since, arg_min(error, (since, feed)) AS error FROM refusal GROUP BY source
)
SELECT {silent} AS subject, fact_no, plant, last_at AS occurred_at, due_at, 'nothing came although the plant works' AS note
FROM expected
WHERE due_at <= $horizon
UNION ALL
SELECT {refused}, arg_max(stream.fact_no, (stream.last_at, stream.fact_no)), CASE WHEN count(*) = 1 THEN min(plant) END,
    min(refused.since), min(refused.since), min('credentials refused: ' || refused.error)
FROM (SELECT source AS of_source, since, error FROM refused) AS refused
JOIN stream ON stream.source = refused.of_source
GROUP BY source
