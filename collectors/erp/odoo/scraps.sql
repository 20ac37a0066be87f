-- Scrap orders: the document; what leaves stock is its move line. reference_no is what the sender called it.
SELECT
    'scrap/' || id                                                       AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'scrap'                                                              AS order_kind,
    name                                                                 AS order_no,
    CASE state WHEN 'done' THEN 'done' ELSE 'created' END                AS status,
    state                                                                AS status_source,
    company_id_1                                                         AS company,
    CASE WHEN NOT regexp_matches(location_id_1, no_plant)
        THEN nullif(regexp_extract(location_id_1, plant_in_path, 1), '') END AS plant,
    coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0) AS item,
    rounded(scrap_qty, 6)                                                AS quantity_source,
    product_uom_id_1                                                     AS unit_source,
    lot_id_1                                                             AS lot,
    production_id_1                                                      AS parent_no,
    origin                                                               AS reference_no,
    instant(date_done, 'UTC')                                            AS actual_end_at,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('location', location_id_1)                               AS attributes
FROM page
