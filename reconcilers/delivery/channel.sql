/*
stage:   channel
grain:   one row per channel: its newest sample, and since when messages wait there without anybody taking them
reads:   channels, waiting
*/
SELECT channels.fact_no, 'channel/' || replace(replace(source, '~', '~0'), '/', '~1') || '/' || replace(replace(source_key, '~', '~0'), '/', '~1') AS subject,
    plant, CAST(NULL AS VARCHAR) AS item, CAST(ready AS DECIMAL(38, 9)) AS quantity, 'messages' AS unit,
    waiting.since AS occurred_at, waiting.since + {due} AS due_at,
    CAST(NULL AS BIGINT) AS effect_no,
    CASE WHEN waiting.since IS NOT NULL THEN 'stuck_message' END AS wrong,
    CASE WHEN waiting.since + {due} <= $horizon THEN 'stuck_message' END AS code,
    CAST(NULL AS VARCHAR) AS settled_reason,
    channel || ': ' || CAST(ready AS VARCHAR) || ' waiting, nobody takes them' AS note
FROM channels
LEFT JOIN waiting ON waiting.fact_no = channels.fact_no
