/*
stage:   told
grain:   one row per key that was not cleared in time; a credit is what was received, a debit what was invoiced
reads:   cleared
*/
SELECT subject, 'cutoff_balance' AS code, lead_no, plant, credit AS expected, debit AS observed, balance AS variance, currency, abs(balance) AS at_risk,
    opened_at AS occurred_at, due_at, tolerance, balance AS unexplained,
    CASE WHEN debit = 0 THEN 'Received and not invoiced' WHEN credit = 0 THEN 'Invoiced and not received' WHEN balance < 0 THEN 'Less invoiced than received'
        ELSE 'More invoiced than received' END AS note
FROM cleared
WHERE is_off
