-- The newest revision of every record of a table, as the engine of a worker has it.
CREATE TEMP TABLE {table} AS
SELECT *, CAST(NULL AS TIMESTAMPTZ) AS superseded_at
FROM read_parquet($files)
QUALIFY row_number() OVER (PARTITION BY source, feed, source_key ORDER BY revision_rank DESC, fact_no DESC) = 1
