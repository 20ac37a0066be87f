-- The newest revision of every record of a table that names a key or a link, newest first, with how many there are.
SELECT *, count(*) OVER () AS known
FROM (
    SELECT *, '{table}' AS of_table, {at} AS at
    FROM read_parquet($files)
    WHERE {named}
    QUALIFY row_number() OVER (PARTITION BY source, feed, source_key ORDER BY revision_rank DESC, fact_no DESC) = 1
)
WHERE NOT is_deleted
ORDER BY "at" DESC NULLS LAST, fact_no DESC
LIMIT $limit
