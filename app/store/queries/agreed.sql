-- Verdicts of the facts that plainly agreed: pairs of `compared` in which no fact is suspect.
SELECT side, fact_no, 'matched', NULL, 1, expected_no, NULL, NULL
FROM (
    SELECT 'expected' AS side, expected_no AS fact_no, expected_no FROM compared WHERE agrees
    UNION ALL
    SELECT 'observed', observed_no, expected_no FROM compared WHERE agrees
)
WHERE fact_no NOT IN (SELECT fact_no FROM suspect)
