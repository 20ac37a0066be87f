-- Facts in files of the lake that the match state has not taken in, in their order.
SELECT {key} AS key64, {names}
FROM read_parquet($files)
WHERE fact_no NOT IN (SELECT fact_no FROM {table})
ORDER BY fact_no
