-- Current facts of a feed that are not among the keys of a complete listing.
SELECT {names}
FROM {table} AS held
ANTI JOIN present USING (source_key)
WHERE held.source = $source AND held.feed = $feed AND held.superseded_at IS NULL AND NOT held.is_deleted
