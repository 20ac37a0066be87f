/*
stage:   told
grain:   one row per account that is not what its stock is worth
reads:   tied, line
No fact tells when they parted: it is due when it is first seen, and its due time is NULL.
*/
WITH foremost AS (
    SELECT plant, account, min(fact_no) AS fact_no FROM line WHERE is_own GROUP BY plant, account
)
SELECT tied.subject, 'cutoff_balance' AS code, coalesce(tied.entry_no, foremost.fact_no) AS lead_no, tied.plant, tied.worth AS expected,
    CAST(tied.worth + tied.variance AS DECIMAL(38, 9)) AS observed, tied.variance, tied.currency, abs(tied.variance) AS at_risk,
    tied.cut_at AS occurred_at, CAST(NULL AS TIMESTAMPTZ) AS due_at, tied.tolerance, CAST(tied.variance - tied.explained AS DECIMAL(38, 9)) AS unexplained,
    CASE
        WHEN NOT ({is_tied_of_plant}) THEN 'Entries that name no plant'
        WHEN tied.is_by_item THEN 'Most of it ' || CASE WHEN tied.item = '' THEN 'in entries that name no item' ELSE 'in item ' || tied.item END
            || ': ' || CAST(CAST(tied.of_item AS DECIMAL(38, 2)) AS VARCHAR) || ' ' || tied.currency
    END AS note
FROM tied
LEFT JOIN foremost ON foremost.plant IS NOT DISTINCT FROM tied.plant AND foremost.account IS NOT DISTINCT FROM tied.account
WHERE tied.is_off
