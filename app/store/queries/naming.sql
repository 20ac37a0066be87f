-- The newest revision of every record of a table that names one of some keys in any of the columns that can.
SELECT *, '{table}' AS of_table, {at} AS at
FROM read_parquet($files)
WHERE {named}
QUALIFY row_number() OVER (PARTITION BY source, feed, source_key ORDER BY revision_rank DESC, fact_no DESC) = 1
