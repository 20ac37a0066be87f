-- Sales orders. Delivered in part or in full is what Odoo says of their deliveries.
SELECT
    'sale/' || id                                                        AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'sales'                                                              AS order_kind,
    name                                                                 AS order_no,
    CASE
        WHEN state = 'cancel' THEN 'cancelled'
        WHEN state IN ('draft', 'sent') THEN 'created'
        WHEN delivery_status = 'full' THEN 'done'
        WHEN delivery_status = 'partial' THEN 'partially_done'
        ELSE 'released'
    END                                                                  AS status,
    concat_ws(', ', state, delivery_status)                              AS status_source,
    company_id_1                                                         AS company,
    warehouse_id_1                                                       AS plant,
    split_part(partner_id_1, ',', 1)                                     AS partner,
    client_order_ref                                                     AS reference_no,
    instant(commitment_date, 'UTC')                                      AS planned_end_at,
    CASE WHEN state NOT IN ('draft', 'sent', 'cancel') THEN instant(date_order, 'UTC') END AS released_at,
    instant(write_date, 'UTC')                                           AS changed_at
FROM page
