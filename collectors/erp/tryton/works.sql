-- Operations of production orders.
SELECT
    CAST(id AS VARCHAR)                                                  AS source_key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS revised_at,
    'production'                                                         AS order_kind,
    CAST(production AS VARCHAR)                                          AS order_no,
    'operation'                                                          AS line_kind,
    CAST(id AS VARCHAR)                                                  AS line_no,
    operation_name                                                       AS op_no,
    work_center_name                                                     AS work_center,
    CASE state WHEN 'draft' THEN 'created' WHEN 'waiting' THEN 'released' WHEN 'running' THEN 'in_progress'
        WHEN 'finished' THEN 'done' WHEN 'done' THEN 'done' ELSE state END AS status,
    state                                                                AS status_source,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS changed_at
FROM page
