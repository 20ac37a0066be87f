/*
stage:   newest
grain:   one row per order of one side; `is_newest` marks the record that speaks for its key
reads:   expected or observed
*/
SELECT *, row_number() OVER (PARTITION BY {by} ORDER BY changed_at DESC NULLS LAST, source, feed, source_key) = 1 AND {known} AS is_newest
FROM {side}
