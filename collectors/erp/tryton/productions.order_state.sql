-- Production orders. Done -> cancelled is an allowed step in Tryton.
SELECT
    CAST(id AS VARCHAR)                                                  AS source_key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS revised_at,
    'production'                                                         AS order_kind,
    CASE WHEN order_key = 'reference' THEN coalesce(reference, number, CAST(id AS VARCHAR))
         ELSE coalesce(number, CAST(id AS VARCHAR)) END                  AS order_no,
    CASE state
        WHEN 'request' THEN 'created' WHEN 'draft' THEN 'created'
        WHEN 'waiting' THEN 'released' WHEN 'assigned' THEN 'released'
        WHEN 'running' THEN 'in_progress' WHEN 'done' THEN 'done' WHEN 'cancelled' THEN 'cancelled'
    END                                                                  AS status,
    state                                                                AS status_source,
    product_code                                                         AS item,
    bom_name                                                             AS bom_ref,
    rounded(quantity, 9)                                                 AS quantity_source,
    unit_symbol                                                          AS unit_source,
    number                                                               AS reference_no,
    coalesce(tryton_date(effective_date), tryton_date(effective_start_date), tryton_date(planned_start_date)) AS effective_on,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS changed_at
FROM page
