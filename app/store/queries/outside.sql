-- Note the current facts of a table whose plant the landscape does not name.
INSERT INTO unresolved
SELECT $name, source, feed, source_key, 'plant', plant
FROM {table}
WHERE superseded_at IS NULL AND NOT list_contains($plants, plant)
