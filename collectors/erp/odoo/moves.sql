-- Moves: what an order or a transfer demands of one product. They have no effect of their own: that is in move lines.
-- Until a move is done, its quantity is only reserved. Moves without order or transfer are adjustments and scrap; the name
-- of a person that Odoo writes into their reference is left out.
SELECT
    'move/' || id                                                        AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    CASE
        WHEN coalesce(production_id_1, raw_material_production_id_1) IS NOT NULL THEN 'production'
        WHEN picking_id_1 IS NULL THEN 'adjustment'
        WHEN coalesce(location_dest_usage = 'customer' OR location_dest_usage = 'supplier',
                regexp_matches(location_dest_id_1, customer_locations) OR regexp_matches(location_dest_id_1, supplier_locations)) THEN 'delivery'
        WHEN coalesce(location_usage = 'supplier' OR location_usage = 'customer',
                regexp_matches(location_id_1, supplier_locations) OR regexp_matches(location_id_1, customer_locations)) THEN 'receipt'
        ELSE 'transfer'
    END                                                                  AS order_kind,
    coalesce(production_id_1, raw_material_production_id_1, picking_id_1, regexp_replace(reference, ' \(.*\)$', ''), 'move') AS order_no,
    CASE
        WHEN production_id_1 IS NOT NULL THEN 'output'
        WHEN raw_material_production_id_1 IS NOT NULL THEN 'component'
        WHEN picking_id_1 IS NOT NULL THEN 'delivery_line'
        WHEN scrapped THEN 'scrap'
        ELSE 'adjustment'
    END                                                                  AS line_kind,
    CAST(id AS VARCHAR)                                                  AS line_no,
    CASE
        WHEN regexp_matches(location_id_1, plant_in_path) AND NOT regexp_matches(location_id_1, no_plant)
            THEN regexp_extract(location_id_1, plant_in_path, 1)
        WHEN regexp_matches(location_dest_id_1, plant_in_path) AND NOT regexp_matches(location_dest_id_1, no_plant)
            THEN regexp_extract(location_dest_id_1, plant_in_path, 1)
    END                                                                  AS plant,
    coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0) AS item,
    CASE WHEN regexp_matches(location_id_1, no_plant) THEN location_dest_id_1 ELSE location_id_1 END AS location,
    rounded(product_uom_qty, 6)                                          AS quantity_source,
    product_uom_1                                                        AS unit_source,
    CASE WHEN state = 'done' THEN rounded(quantity, 6) ELSE 0 END        AS quantity_done,
    CASE state WHEN 'draft' THEN 'created' WHEN 'done' THEN 'done' WHEN 'cancel' THEN 'cancelled' ELSE 'released' END AS status,
    state                                                                AS status_source,
    origin                                                               AS reference_no,
    instant(write_date, 'UTC')                                           AS changed_at
FROM page
