/*
stage:   cleared
grain:   one row per key: what its entries come to, and since when the oldest of them that nothing clears is open
reads:   ledger
The oldest is cleared first. Entries in different currencies never clear each other.
*/
WITH keyed AS (
    SELECT ledger.*, {moment} AS entered_at FROM ledger WHERE {known}
),
summed AS (
    SELECT source, company, currency, {by}, CAST(sum(amount) AS DECIMAL(38, 9)) AS balance,
        CAST(coalesce(-sum(CASE WHEN amount < 0 THEN amount END), 0) AS DECIMAL(38, 9)) AS credit, CAST(coalesce(sum(CASE WHEN amount > 0 THEN amount END), 0) AS DECIMAL(38, 9)) AS debit
    FROM keyed
    GROUP BY source, company, currency, {by}
),
lasting AS (
    SELECT keyed.fact_no, keyed.plant, keyed.entered_at, keyed.source, keyed.company, keyed.currency, {by_of_keyed},
        abs(sum(keyed.amount) OVER (PARTITION BY keyed.source, keyed.company, keyed.currency, {by_of_keyed} ORDER BY keyed.entered_at, keyed.fact_no ROWS UNBOUNDED PRECEDING))
            > least(summed.credit, summed.debit) AS is_open
    FROM keyed
    JOIN summed ON {same_keyed_summed}
    WHERE sign(keyed.amount) = sign(summed.balance)
),
aged AS (
    SELECT source, company, currency, {by}, arg_min(fact_no, (entered_at, fact_no)) AS lead_no, arg_min(plant, (entered_at, fact_no)) AS plant, min(entered_at) AS opened_at
    FROM lasting
    WHERE is_open
    GROUP BY source, company, currency, {by}
),
due AS (
    SELECT aged.*, {due} AS due_at FROM aged {due_joins}
),
tolerated AS (
    SELECT summed.*, CASE WHEN currency = $currency THEN CAST($tolerance AS DECIMAL(38, 9)) ELSE CAST(0 AS DECIMAL(38, 9)) END AS tolerance FROM summed
)
SELECT tolerated.source, tolerated.company, tolerated.currency, {by_of_tolerated}, tolerated.balance, tolerated.credit, tolerated.debit, tolerated.tolerance,
    due.lead_no, due.plant, due.opened_at, due.due_at, coalesce(abs(tolerated.balance) > tolerated.tolerance, false) AS is_open,
    coalesce(due.due_at <= $horizon, false) AS is_due, {subject} AS subject
FROM tolerated
LEFT JOIN due ON {same_due_tolerated}
