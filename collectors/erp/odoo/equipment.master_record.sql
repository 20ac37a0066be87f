-- Equipment under maintenance.
SELECT
    'equipment/' || id                                                   AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'equipment'                                                          AS object,
    name                                                                 AS key,
    name,
    coalesce(active, true)                                               AS is_active,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('category', category_id_1, 'serial', serial_no)          AS attributes
FROM page
