-- Locations: full name, what kind of place it is, and its warehouse.
SELECT
    'location/' || id                                                    AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'location'                                                           AS object,
    complete_name                                                        AS key,
    complete_name                                                        AS name,
    active                                                               AS is_active,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('usage', usage, 'warehouse', warehouse_id_1, 'scrap', scrap_location, 'company', company_id_1) AS attributes
FROM page
