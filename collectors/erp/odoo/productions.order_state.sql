-- Production orders. The quantity of an order closed in part is what it made; the rest is another order of its family.
-- Until an order is done, date_finished is only its planned end.
SELECT
    'production/' || id                                                  AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'production'                                                         AS order_kind,
    name                                                                 AS order_no,
    CASE WHEN backorder_sequence > 0 THEN regexp_replace(name, backorder_suffix, '') ELSE name END AS order_family,
    CASE state
        WHEN 'draft' THEN 'created' WHEN 'confirmed' THEN 'released' WHEN 'progress' THEN 'in_progress'
        WHEN 'to_close' THEN 'done' WHEN 'done' THEN 'done' WHEN 'cancel' THEN 'cancelled'
    END                                                                  AS status,
    state                                                                AS status_source,
    company_id_1                                                         AS company,
    CASE
        WHEN regexp_matches(location_dest_id_1, plant_in_path) AND NOT regexp_matches(location_dest_id_1, no_plant)
            THEN regexp_extract(location_dest_id_1, plant_in_path, 1)
        ELSE split_part(picking_type_id_1, ': ', 1)
    END                                                                  AS plant,
    coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0) AS item,
    CAST(bom_id_0 AS VARCHAR)                                            AS bom_ref,
    rounded(product_qty, 6)                                              AS quantity_source,
    product_uom_id_1                                                     AS unit_source,
    rounded(qty_produced, 6)                                             AS quantity_good,
    lot_producing_id_1                                                   AS lot,
    nullif(procurement_group_id_1, CASE WHEN backorder_sequence > 0 THEN regexp_replace(name, backorder_suffix, '') ELSE name END) AS parent_no,
    origin                                                               AS reference_no,
    CASE WHEN state IN ('draft', 'confirmed') THEN instant(date_start, 'UTC') END AS planned_start_at,
    CASE WHEN state NOT IN ('done', 'cancel') THEN instant(date_finished, 'UTC') END AS planned_end_at,
    CASE WHEN state NOT IN ('draft', 'confirmed', 'cancel') THEN instant(date_start, 'UTC') END AS actual_start_at,
    CASE WHEN state = 'done' THEN instant(date_finished, 'UTC') END      AS actual_end_at,
    instant(write_date, 'UTC')                                           AS changed_at
FROM page
