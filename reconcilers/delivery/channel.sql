/*
stage:   channel
grain:   one row per channel: its newest sample, and since when messages wait there
reads:   channels, waiting, held
What consumers were given within the hour and have not answered yet was not refused.
*/
SELECT channels.fact_no, 'channel/' || replace(replace(source, '~', '~0'), '/', '~1') || '/' || replace(replace(source_key, '~', '~0'), '/', '~1') AS subject,
    plant, CAST(NULL AS VARCHAR) AS item, CAST(coalesce(ready, 0) + coalesce(in_flight, 0) AS DECIMAL(38, 9)) AS quantity, 'messages' AS unit,
    waiting.since AS occurred_at, waiting.since + {due} AS due_at,
    CAST(NULL AS BIGINT) AS effect_no,
    waiting.wrong, CASE WHEN waiting.since + {due} <= $horizon THEN waiting.wrong END AS code,
    CAST(NULL AS VARCHAR) AS settled_reason,
    concat_ws(', ', channel || ': ' || CAST(coalesce(ready, 0) + coalesce(in_flight, 0) AS VARCHAR) || ' waiting', '{how}',
        CASE WHEN waiting.wrong = 'retry_storm' THEN CAST(waiting.refused AS VARCHAR) || ' deliveries refused within an hour' END) AS note
FROM channels
LEFT JOIN (
    SELECT fact_no, since, refused, CASE WHEN refused >= {retries} THEN 'retry_storm' ELSE 'stuck_message' END AS wrong
    FROM (
        SELECT told.fact_no, since,
            refused_last_hour - greatest(coalesce(told.in_flight, 0) - coalesce(held.in_flight, 0), 0) AS refused
        FROM waiting
        JOIN channels AS told ON told.fact_no = waiting.fact_no
        LEFT JOIN held ON held.fact_no = waiting.fact_no
    ) AS counted
) AS waiting ON waiting.fact_no = channels.fact_no
