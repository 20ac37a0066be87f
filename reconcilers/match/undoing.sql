/*
stage:   undoing
grain:   one row per first-pass key of a reversal, and of what it takes back on its own side
reads:   only_expected or only_observed, expected or observed
*/
SELECT {by} FROM only_{side} WHERE is_reversal
UNION
SELECT {by} FROM {side}
SEMI JOIN (SELECT source, reverses_key AS source_key FROM only_{side} WHERE is_reversal) AS reversal USING (source, source_key)
