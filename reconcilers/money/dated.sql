/*
stage:   dated
grain:   one row per entry, with the period its date lies in, by its own name if several do, and whether that had been closed before it was entered
reads:   ledger, periods
A period that is opened again was closed all the same. Where several know the date, that which the entry names counts, as a special period
within the last of a year; else the first to be closed. What is entered beyond the horizon is not judged: not all closings are told by then.
*/
WITH known AS (
    SELECT ledger.fact_no, min(periods.closed_at) AS closed_at, arg_min(periods.period, (periods.closed_at IS NULL, periods.closed_at, periods.period)) AS period,
        max(periods.reopened_at) AS reopened_at
    FROM ledger
    JOIN periods ON ledger.posting_on >= periods.starts_on AND ledger.posting_on < periods.ends_on
        AND CASE WHEN periods.company IS NULL THEN periods.source = ledger.source ELSE coalesce(periods.company = ledger.company, false) END
        AND coalesce(periods.plant = ledger.plant, periods.plant IS NULL)
    GROUP BY ledger.fact_no, coalesce(periods.period = ledger.period, false)
    QUALIFY row_number() OVER (PARTITION BY ledger.fact_no ORDER BY coalesce(periods.period = ledger.period, false) DESC) = 1
)
SELECT ledger.fact_no, ledger.plant, ledger.amount, ledger.currency, ledger.posting_on, ledger.recorded_at, known.period, known.closed_at,
    coalesce(known.reopened_at > known.closed_at AND known.reopened_at <= ledger.recorded_at, false) AS is_reopened,
    CASE WHEN ledger.is_opening THEN 'a balance carried forward' WHEN ledger.recorded_at IS NULL THEN 'does not tell when it was entered' END AS aside,
    coalesce(ledger.recorded_at > $horizon, false) AS is_beyond,
    known.fact_no IS NULL AS is_unknown,
    coalesce(ledger.recorded_at > known.closed_at AND ledger.recorded_at <= $horizon, false) AND NOT ledger.is_opening AS is_late,
    {subject} AS subject
FROM ledger
LEFT JOIN known ON known.fact_no = ledger.fact_no
