-- Current facts of a table that waited for a cross-reference, or for their plant to be named, which is there now.
SELECT DISTINCT waiting.source, waiting.feed, fact.raw_ref
FROM unresolved AS waiting
JOIN {table} AS fact
    ON fact.source = waiting.source AND fact.feed = waiting.feed AND fact.source_key = waiting.source_key
    AND fact.superseded_at IS NULL
WHERE waiting.name = $name AND (
    waiting.object = 'plant' AND list_contains($plants, waiting.of_key)
    OR EXISTS (
        FROM cross_reference AS known
        WHERE known.object = waiting.object AND known.of_source = waiting.source AND known.of_key = waiting.of_key
            AND coalesce(known.of_item = {item}, known.of_item IS NULL)
            AND known.superseded_at IS NULL AND NOT known.is_deleted
    )
)
