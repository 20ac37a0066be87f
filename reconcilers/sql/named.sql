/*
stage:   named
grain:   one row per fact a row names
reads:   sql_row
*/
SELECT DISTINCT row_no, role, fact_no
FROM (
    SELECT row_no, 'expected' AS role, unnest(expected_no) AS fact_no FROM sql_row
    UNION ALL
    SELECT row_no, 'observed', unnest(observed_no) FROM sql_row
)
WHERE fact_no IS NOT NULL
