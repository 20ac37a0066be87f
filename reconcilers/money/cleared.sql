/*
stage:   cleared
grain:   one row per key: what its entries come to, since when the oldest of them that nothing clears is open, and why that may not be said
reads:   keyed
The oldest is cleared first. Entries in different currencies never clear each other. What is taken back is of the side it was of. Where
entries are told from a certain day on, a key that begins with an invoice, or has more of them, may have been received before that day.
*/
WITH summed AS (
    SELECT source, company, currency, {by}, CAST(sum(amount) AS DECIMAL(38, 9)) AS balance,
        CAST(coalesce(-sum(CASE WHEN is_received THEN amount END), 0) AS DECIMAL(38, 9)) AS credit,
        CAST(coalesce(sum(CASE WHEN NOT is_received THEN amount END), 0) AS DECIMAL(38, 9)) AS debit,
        least(-sum(CASE WHEN amount < 0 THEN amount ELSE 0 END), sum(CASE WHEN amount > 0 THEN amount ELSE 0 END)) AS settled,
        min(entered_at) AS first_at, arg_min(amount, (entered_at, amount)) AS first_amount, bool_or(is_opened) AS is_opened,
        CASE WHEN currency = $currency THEN CAST($tolerance AS DECIMAL(38, 9)) ELSE CAST(0 AS DECIMAL(38, 9)) END AS tolerance
    FROM keyed
    WHERE aside IS NULL
    GROUP BY source, company, currency, {by}
),
lasting AS (
    SELECT keyed.fact_no, keyed.plant, keyed.entered_at, keyed.source, keyed.company, keyed.currency, {by_of_keyed},
        abs(sum(keyed.amount) OVER (PARTITION BY keyed.source, keyed.company, keyed.currency, {by_of_keyed} ORDER BY keyed.entered_at, keyed.fact_no ROWS UNBOUNDED PRECEDING))
            > summed.settled + summed.tolerance AS is_open
    FROM keyed
    JOIN summed ON {same_keyed_summed}
    WHERE keyed.aside IS NULL AND sign(keyed.amount) = sign(summed.balance)
),
aged AS (
    SELECT source, company, currency, {by}, arg_min(fact_no, (entered_at, fact_no)) AS lead_no, arg_min(plant, (entered_at, fact_no)) AS plant, min(entered_at) AS opened_at,
        CAST($since AS TIMESTAMPTZ) AS told_from
    FROM lasting
    WHERE is_open
    GROUP BY source, company, currency, {by}
),
due AS (
    SELECT aged.*, {due} AS due_at FROM aged {due_joins}
),
trusted AS (
    SELECT due.*, {trusted} AS trusted_from FROM due {trusted_joins}
),
judged AS (
    SELECT summed.*, trusted.lead_no, trusted.plant, trusted.opened_at, trusted.due_at,
        coalesce(abs(summed.balance) > summed.tolerance, false) AS is_open,
        CASE WHEN summed.first_at < trusted.trusted_from AND NOT summed.is_opened AND (summed.first_amount > 0 OR summed.balance > 0)
            THEN 'what came before is not told' END AS unknown_because
    FROM summed
    LEFT JOIN trusted ON {same_trusted_summed}
)
SELECT judged.*, is_open AND unknown_because IS NULL AND coalesce(due_at <= $horizon, false) AS is_off, {subject} AS subject
FROM judged
