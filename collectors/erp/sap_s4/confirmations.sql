-- Confirmations: yield, scrap, rework and labour are rows of their own. The one that takes another back repeats its quantities,
-- which then count the other way. The conditions keep what cannot be read, so that it becomes a reject and not nothing.
SELECT
    ConfirmationGroup || '/' || ConfirmationCount || '/' || part.name    AS source_key,
    part.kind,
    coalesce(IsReversal, false)                                          AS is_reversal,
    seconds_instant(odata_date(ConfirmedExecutionEndDate), clock_seconds(ConfirmedExecutionEndTime), zone_of(ProductionPlant)) AS occurred_at,
    odata_date(PostingDate)                                              AS posting_on,
    seconds_instant(odata_date(ConfirmationEntryDate), coalesce(clock_seconds(ConfirmationEntryTime), 0), server_zone) AS recorded_at,
    ProductionPlant                                                      AS plant,
    CASE leading_zeros WHEN 'keep' THEN nullif(Material, '') ELSE unpadded(Material) END AS item,
    exact(part.quantity) * CASE WHEN IsReversal THEN -1 ELSE 1 END       AS quantity_source,
    CASE WHEN part.quantity IS NOT NULL THEN nullif(ConfirmationUnit, '') END AS unit_source,
    exact(part.minutes) * CASE WHEN IsReversal THEN -1 ELSE 1 END        AS labor_minutes,
    'production'                                                         AS order_kind,
    CASE leading_zeros WHEN 'keep' THEN OrderID ELSE unpadded(OrderID) END AS order_no,
    nullif(OrderOperation, '')                                           AS op_no,
    nullif(WorkCenter, '')                                               AS equipment,
    nullif(VarianceReasonCode, '')                                       AS reason,
    lower(nullif(ExternalSystemConfirmation, ''))                        AS correlation_id,
    lower(nullif(ExternalSystemConfirmation, ''))                        AS idempotency_key,
    CASE WHEN EnteredByExternalUser <> '' THEN 'interface:' || EnteredByExternalUser ELSE 'user' END AS actor
FROM page,
LATERAL (
    SELECT 'yield' AS name, 'op_complete' AS kind, ConfirmationYieldQuantity AS quantity, NULL AS minutes
    WHERE coalesce(exact(ConfirmationYieldQuantity) <> 0, true)
    UNION ALL
    SELECT 'scrap', 'scrap', ConfirmationScrapQuantity, NULL
    WHERE ConfirmationScrapQuantity IS NOT NULL AND coalesce(exact(ConfirmationScrapQuantity) <> 0, true)
    UNION ALL
    SELECT 'rework', 'rework', ConfirmationReworkQuantity, NULL
    WHERE ConfirmationReworkQuantity IS NOT NULL AND coalesce(exact(ConfirmationReworkQuantity) <> 0, true)
    UNION ALL
    SELECT 'labour', 'labor', NULL, worked.minutes
    FROM (SELECT CASE labour_activity
        WHEN '1' THEN OpConfirmedWorkQuantity1 WHEN '2' THEN OpConfirmedWorkQuantity2 WHEN '3' THEN OpConfirmedWorkQuantity3
        WHEN '4' THEN OpConfirmedWorkQuantity4 WHEN '5' THEN OpConfirmedWorkQuantity5 WHEN '6' THEN OpConfirmedWorkQuantity6
        END AS minutes) AS worked
    WHERE worked.minutes IS NOT NULL AND coalesce(exact(worked.minutes) <> 0, true)
) AS part
