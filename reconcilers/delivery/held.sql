/*
stage:   held
grain:   one row per channel: how many messages consumers had and had not answered an hour before
reads:   channels, and the table they are of: samples of the day before the newest tell
*/
WITH sample AS (
    SELECT channels.fact_no, earlier.in_flight,
        row_number() OVER (PARTITION BY channels.fact_no ORDER BY earlier.sampled_at DESC, earlier.fact_no DESC) AS back
    FROM channels
    JOIN {table} AS earlier ON earlier.source = channels.source AND earlier.feed = channels.feed AND earlier.source_key = channels.source_key
    WHERE NOT earlier.is_deleted AND earlier.sampled_at BETWEEN channels.sampled_at - INTERVAL 1 DAY AND channels.sampled_at - INTERVAL 1 HOUR AND earlier.observed_at <= channels.observed_at
)
SELECT fact_no, in_flight FROM sample WHERE back = 1
