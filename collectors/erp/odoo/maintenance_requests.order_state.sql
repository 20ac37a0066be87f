-- Maintenance requests as orders. Stages are the company's own; a close date is what all closing stages leave behind.
SELECT
    'request/' || id                                                     AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'maintenance'                                                        AS order_kind,
    CAST(id AS VARCHAR)                                                  AS order_no,
    CASE
        WHEN archive THEN 'cancelled'
        WHEN close_date IS NOT NULL THEN 'done'
        WHEN kanban_state = 'blocked' THEN 'held'
        WHEN stage_id_1 IS NULL OR regexp_matches(stage_id_1, new_stages) THEN 'created'
        ELSE 'in_progress'
    END                                                                  AS status,
    stage_id_1                                                           AS status_source,
    company_id_1                                                         AS company,
    name                                                                 AS reference_no,
    instant(schedule_date, 'UTC')                                        AS planned_start_at,
    instant(write_date, 'UTC')                                           AS changed_at,
    coalesce(date_of(close_date), date_of(request_date))                 AS effective_on,
    json_object('equipment', 'maintenance.equipment,' || equipment_id_0, 'type', maintenance_type) AS attributes
FROM page
