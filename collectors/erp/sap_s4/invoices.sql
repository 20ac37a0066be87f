-- Billing documents, item by item: what was invoiced of a delivery. Quantities count as those of its shipment, out of stock; an
-- invoice that cancels another counts the other way and names it. Pro forma invoices and credit memos are none and left out.
SELECT
    BillingDocument || '/' || BillingDocumentItem                        AS source_key,
    'invoiced'                                                           AS kind,
    to_BillingDocument_BillingDocumentType                               AS sub_kind,
    to_BillingDocument_SDDocumentCategory = 'N'                          AS is_reversal,
    CASE WHEN to_BillingDocument_SDDocumentCategory = 'N'
        THEN to_BillingDocument_CancelledBillingDocument || '/' || BillingDocumentItem END AS reverses_key,
    odata_date(to_BillingDocument_BillingDocumentDate)                   AS posting_on,
    seconds_instant(odata_date(CreationDate), coalesce(clock_seconds(CreationTime), 0), server_zone) AS recorded_at,
    'day'                                                                AS time_precision,
    Plant                                                                AS plant,
    CASE leading_zeros WHEN 'keep' THEN Material ELSE unpadded(Material) END AS item,
    nullif(Batch, '')                                                    AS lot,
    billed.sign * exact(BillingQuantityInBaseUnit)                       AS quantity_source,
    BaseUnit                                                             AS unit_source,
    'delivery'                                                           AS order_kind,
    CASE leading_zeros WHEN 'keep' THEN nullif(ReferenceSDDocument, '') ELSE unpadded(ReferenceSDDocument) END AS order_no,
    nullif(ReferenceSDDocumentItem, '')                                  AS order_line,
    unpadded(to_BillingDocument_SoldToParty)                             AS partner,
    CASE leading_zeros WHEN 'keep' THEN BillingDocument ELSE unpadded(BillingDocument) END AS document_no
FROM page,
LATERAL (SELECT CASE WHEN to_BillingDocument_SDDocumentCategory = 'N' THEN 1 ELSE -1 END AS sign) AS billed
WHERE to_BillingDocument_SDDocumentCategory IN ('M', 'N')
