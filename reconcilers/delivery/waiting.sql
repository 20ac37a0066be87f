/*
stage:   waiting
grain:   one row per channel where messages wait and nobody takes them, and since when
reads:   channels, and the table they are of: samples before the newest tell since when
A queue that is still written to is never idle, so being idle alone does not tell.
*/
WITH sample AS (
    SELECT channels.fact_no, earlier.sampled_at, least(coalesce(earlier.idle_since, earlier.sampled_at), earlier.sampled_at) AS idle_at,
        coalesce(earlier.consumers, 0) = 0 AND coalesce(earlier.ready, 0) > 0 AS is_waiting
    FROM channels
    JOIN {table} AS earlier ON earlier.source = channels.source AND earlier.feed = channels.feed AND earlier.source_key = channels.source_key
    WHERE NOT earlier.is_deleted AND earlier.sampled_at <= channels.sampled_at AND earlier.observed_at <= channels.observed_at
),
served AS (
    SELECT fact_no, max(sampled_at) AS served_at FROM sample WHERE NOT is_waiting GROUP BY fact_no
)
SELECT sample.fact_no, min(sample.idle_at) AS since
FROM sample LEFT JOIN served ON served.fact_no = sample.fact_no
WHERE sample.is_waiting AND (served.served_at IS NULL OR sample.sampled_at > served.served_at)
GROUP BY sample.fact_no
