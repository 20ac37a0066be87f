-- Of stock only what the newest accepted snapshot of each feed says is there.
DELETE FROM stock_balance WHERE (source, feed, snapshot_id) NOT IN (
    SELECT (source, feed, arg_max(snapshot_id, (balance_at, fact_no))) FROM stock_snapshot GROUP BY source, feed
)
