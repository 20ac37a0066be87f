/*
stage:   dated
grain:   one row per entry, with the period its date lies in, and whether that had been closed before it was entered
reads:   ledger, periods
A period that is opened again was closed all the same. Where several know the date, the first to close it counts.
*/
WITH known AS (
    SELECT ledger.fact_no, min(periods.closed_at) AS closed_at, arg_min(periods.period, (periods.closed_at IS NULL, periods.closed_at, periods.period)) AS period,
        max(periods.reopened_at) AS reopened_at
    FROM ledger
    JOIN periods ON ledger.posting_on >= periods.starts_on AND ledger.posting_on < periods.ends_on
        AND coalesce(periods.company = ledger.company, periods.company IS NULL) AND coalesce(periods.plant = ledger.plant, periods.plant IS NULL)
    GROUP BY ledger.fact_no
)
SELECT ledger.fact_no, ledger.plant, ledger.amount, ledger.currency, ledger.posting_on, ledger.recorded_at, known.period, known.closed_at,
    coalesce(known.reopened_at > known.closed_at AND known.reopened_at <= ledger.recorded_at, false) AS is_reopened,
    CASE WHEN ledger.is_opening THEN 'a balance carried forward' WHEN ledger.recorded_at IS NULL THEN 'does not tell when it was entered' END AS aside,
    known.fact_no IS NULL AS is_unknown,
    coalesce(ledger.recorded_at > known.closed_at, false) AND NOT ledger.is_opening AS is_late,
    {subject} AS subject
FROM ledger
LEFT JOIN known ON known.fact_no = ledger.fact_no
