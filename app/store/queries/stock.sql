-- Lines of the newest accepted snapshot of each feed that name a key as item, lot or location.
SELECT
    lines.source, lines.plant, lines.location, lines.item, lines.lot, lines.stock_status, lines.quantity, lines.unit,
    lines.balance_at
FROM read_parquet($lines) AS lines
JOIN (
    SELECT source, feed, arg_max(snapshot_id, (balance_at, fact_no)) AS snapshot_id
    FROM read_parquet($snapshots)
    GROUP BY ALL
) AS newest
    ON newest.source = lines.source AND newest.feed = lines.feed AND newest.snapshot_id = lines.snapshot_id
WHERE $key IN (lines.item, lines.lot, lines.location)
ORDER BY lines.item, lines.lot, lines.source, lines.location
