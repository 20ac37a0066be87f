-- Purchase orders. Delivered in part or in full is what Odoo says of their receipts.
SELECT
    'purchase/' || id                                                    AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'purchase'                                                           AS order_kind,
    name                                                                 AS order_no,
    CASE
        WHEN state = 'cancel' THEN 'cancelled'
        WHEN state IN ('draft', 'sent', 'to approve') THEN 'created'
        WHEN receipt_status = 'full' THEN 'done'
        WHEN receipt_status = 'partial' THEN 'partially_done'
        WHEN state = 'done' THEN 'closed'
        ELSE 'released'
    END                                                                  AS status,
    concat_ws(', ', state, receipt_status)                               AS status_source,
    company_id_1                                                         AS company,
    split_part(picking_type_id_1, ': ', 1)                               AS plant,
    split_part(partner_id_1, ',', 1)                                     AS partner,
    partner_ref                                                          AS reference_no,
    instant(date_planned, 'UTC')                                         AS planned_end_at,
    instant(date_approve, 'UTC')                                         AS released_at,
    instant(write_date, 'UTC')                                           AS changed_at
FROM page
