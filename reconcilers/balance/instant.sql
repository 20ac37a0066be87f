/*
stage:   instant
grain:   one row per source of a side: when its snapshot was taken, and the instant everything is compared at
reads:   expected_snapshots, observed_snapshots
*/
WITH taken AS (
    SELECT 'expected' AS side, source, min(balance_at) AS balance_at FROM expected_snapshots GROUP BY source
    UNION ALL
    SELECT 'observed', source, min(balance_at) FROM observed_snapshots GROUP BY source
)
SELECT taken.*, (SELECT max(balance_at) FROM taken) AS common_at FROM taken
