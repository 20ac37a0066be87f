-- Which periods are closed, by company. Dates are fiscal dates, both included; a period that was never closed has no ClosedAt.
SELECT
    CompanyCode || '/' || FiscalYearPeriod                               AS source_key,
    CompanyCode                                                          AS company,
    'gl'                                                                 AS ledger,
    FiscalYearPeriod                                                     AS period,
    odata_date(PeriodStartDate)                                          AS starts_on,
    odata_date(PeriodEndDate) + 1                                        AS ends_on,
    odata_instant(ClosedAt)                                              AS closed_at,
    odata_instant(ReopenedAt)                                            AS reopened_at
FROM page
