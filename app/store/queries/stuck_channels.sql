-- Channels of some sources where messages wait and nobody takes them.
SELECT channel, ready, oldest_at
FROM channel_depth
WHERE source IN (SELECT unnest($sources)) AND superseded_at IS NULL AND NOT is_deleted
    AND channel_role = 'main' AND coalesce(consumers, 0) = 0 AND ready > 0
ORDER BY channel
