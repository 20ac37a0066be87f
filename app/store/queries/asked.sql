-- The key of every incoming record, in the order they came.
SELECT
    row_number() OVER () AS arrival,
    {key} AS key64
FROM incoming
