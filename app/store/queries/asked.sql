-- The key of every incoming record, in the order they came.
SELECT
    row_number() OVER () AS arrival,
    md5_number_lower(concat_ws(chr(31), $source, $feed, source_key)) AS key64
FROM incoming
