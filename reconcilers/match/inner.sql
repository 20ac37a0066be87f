/*
stage:   inner
grain:   one row per expected fact; posted yields of an operation that is not the last known one of their order are 'inner'
reads:   expected, operation
Operation numbers are compared as numbers of any length: the longer is the later.
*/
WITH last AS (
    SELECT source, plant, order_no, max((length(op_no), op_no)) AS op
    FROM operation WHERE op_no IS NOT NULL GROUP BY source, plant, order_no
)
SELECT expected.* REPLACE (
    CASE WHEN (length(expected.op_no), expected.op_no) < last.op AND expected.state = 'posted' THEN 'inner' ELSE expected.state END AS state
)
FROM expected
LEFT JOIN last ON last.source = expected.source AND last.order_no = expected.order_no AND last.plant IS NOT DISTINCT FROM expected.plant
