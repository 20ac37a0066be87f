-- Queues: how much waits, since when, and whether anybody takes it. A sample equal to the one before it is a repeat.
SELECT
    vhost || '/' || name                                     AS source_key,
    name                                                     AS channel,
    CASE WHEN name LIKE dead_letter_names THEN 'dead_letter' WHEN name LIKE retry_names THEN 'retry' ELSE 'main' END AS channel_role,
    received_at                                              AS sampled_at,
    messages_ready                                           AS ready,
    messages_unacknowledged                                  AS in_flight,
    consumers,
    epoch_instant(head_message_timestamp, 's')               AS oldest_at,
    instant(idle_since, 'UTC')                               AS idle_since,
    message_stats_publish                                    AS published_total,
    message_stats_ack                                        AS acknowledged_total,
    message_stats_redeliver                                  AS redelivered_total,
    CASE WHEN coalesce(message_stats_deliver_details_avg_rate, message_stats_get_details_avg_rate) IS NOT NULL
        THEN CAST(round(3600 * greatest(0,
            coalesce(TRY_CAST(message_stats_deliver_details_avg_rate AS DOUBLE), 0)
            + coalesce(TRY_CAST(message_stats_get_details_avg_rate AS DOUBLE), 0)
            - coalesce(TRY_CAST(message_stats_ack_details_avg_rate AS DOUBLE), 0))) AS BIGINT)
    END                                                      AS refused_last_hour
FROM page
