-- Work orders: the operations of production orders.
SELECT
    'work order/' || id                                                  AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'production'                                                         AS order_kind,
    production_id_1                                                      AS order_no,
    'operation'                                                          AS line_kind,
    CAST(id AS VARCHAR)                                                  AS line_no,
    name                                                                 AS op_no,
    workcenter_id_1                                                      AS work_center,
    rounded(qty_production, 6)                                           AS quantity_source,
    product_uom_id_1                                                     AS unit_source,
    rounded(qty_produced, 6)                                             AS quantity_done,
    CASE state
        WHEN 'pending' THEN 'released' WHEN 'waiting' THEN 'released' WHEN 'ready' THEN 'released'
        WHEN 'progress' THEN 'in_progress' WHEN 'done' THEN 'done' WHEN 'cancel' THEN 'cancelled'
    END                                                                  AS status,
    state                                                                AS status_source,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('minutes', CAST(rounded(duration, 6) AS DOUBLE))         AS attributes
FROM page
