-- Equipment with a request open is under maintenance, which does not say that it stands still. Odoo keeps the day a request
-- was closed and not the time: the change that closed it is the last one seen.
SELECT
    'request/' || id                                                     AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'maintenance.equipment,' || equipment_id_0                           AS equipment,
    'maintenance'                                                        AS state,
    maintenance_type = 'preventive'                                      AS is_planned,
    instant(create_date, 'UTC')                                          AS started_at,
    CASE WHEN close_date IS NOT NULL OR archive THEN instant(write_date, 'UTC') END AS ended_at,
    name                                                                 AS reason,
    CAST(id AS VARCHAR)                                                  AS maintenance_order_no
FROM page
WHERE equipment_id_0 IS NOT NULL
