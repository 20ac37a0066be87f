-- Transfers: receipts, deliveries and moves inside the company. Their lines are moves, their effects move lines.
SELECT
    'picking/' || id                                                     AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    CASE
        WHEN picking_type_code = 'incoming' THEN 'receipt'
        WHEN picking_type_code IN ('outgoing', 'dropship') THEN 'delivery'
        WHEN picking_type_code IS NOT NULL THEN 'transfer'
        WHEN regexp_matches(location_dest_id_1, customer_locations) OR regexp_matches(location_dest_id_1, supplier_locations) THEN 'delivery'
        WHEN regexp_matches(location_id_1, supplier_locations) OR regexp_matches(location_id_1, customer_locations) THEN 'receipt'
        ELSE 'transfer'
    END                                                                  AS order_kind,
    name                                                                 AS order_no,
    CASE state WHEN 'draft' THEN 'created' WHEN 'done' THEN 'done' WHEN 'cancel' THEN 'cancelled' ELSE 'released' END AS status,
    state                                                                AS status_source,
    company_id_1                                                         AS company,
    CASE
        WHEN regexp_matches(location_id_1, plant_in_path) AND NOT regexp_matches(location_id_1, no_plant)
            THEN regexp_extract(location_id_1, plant_in_path, 1)
        WHEN regexp_matches(location_dest_id_1, plant_in_path) AND NOT regexp_matches(location_dest_id_1, no_plant)
            THEN regexp_extract(location_dest_id_1, plant_in_path, 1)
    END                                                                  AS plant,
    split_part(partner_id_1, ',', 1)                                     AS partner,
    backorder_id_1                                                       AS parent_no,
    origin                                                               AS reference_no,
    instant(scheduled_date, 'UTC')                                       AS planned_end_at,
    instant(date_done, 'UTC')                                            AS actual_end_at,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('from', location_id_1, 'to', location_dest_id_1)         AS attributes
FROM page
