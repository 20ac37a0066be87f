/*
stage:   message
grain:   one row per message, with what is wrong with it once its allowance is over
reads:   messages, arrived
*/
WITH asked AS (
    SELECT messages.*, arrived.effect_no,
        CASE WHEN messages.is_deleted THEN messages.observed_at
            ELSE coalesce(messages.occurred_at, messages.started_at, messages.ended_at, messages.observed_at) END + {due} AS due_at
    FROM messages
    LEFT JOIN (SELECT fact_no, min(effect_no) AS effect_no FROM arrived GROUP BY fact_no) AS arrived ON arrived.fact_no = messages.fact_no
),
judged AS (
    SELECT *,
        CASE
            WHEN effect_no IS NOT NULL OR status = 'duplicate_dropped' THEN NULL
            WHEN is_deleted THEN 'missing_posting'
            WHEN status IN ('dead_lettered', 'failed', 'abandoned') THEN 'dead_letter'
            WHEN status IN ('done', 'delivered', 'sent_unacked') THEN 'silent_failure'
            ELSE 'stuck_message'
        END AS wrong
    FROM asked
)
SELECT fact_no, 'message/' || replace(replace(source, '~', '~0'), '/', '~1') || '/' || replace(replace(source_key, '~', '~0'), '/', '~1') AS subject,
    plant, item, quantity, unit, coalesce(occurred_at, started_at, ended_at, observed_at) AS occurred_at, due_at, effect_no, wrong,
    CASE WHEN due_at <= $horizon THEN wrong END AS code,
    CASE WHEN effect_no IS NOT NULL THEN 'its effect is there' END AS settled_reason,
    concat_ws(': ', CASE WHEN is_deleted THEN 'gone from ' ELSE '' END || channel, coalesce(error_text, stuck_reason)) AS note
FROM judged
