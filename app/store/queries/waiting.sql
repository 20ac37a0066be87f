-- Keys for which current facts of a table wait for a cross-reference: how many facts, and one of them.
SELECT
    waiting.object, waiting.of_key AS key, waiting.source, waiting.feed,
    count(DISTINCT waiting.source_key) AS facts, min(waiting.source_key) AS source_key
FROM unresolved AS waiting
JOIN {table} AS fact
    ON fact.source = waiting.source AND fact.feed = waiting.feed AND fact.source_key = waiting.source_key
    AND fact.superseded_at IS NULL AND NOT fact.is_deleted
WHERE waiting.name = $name
GROUP BY ALL
