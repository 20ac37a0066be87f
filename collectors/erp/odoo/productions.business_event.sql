-- What a production order reports as produced: one completion for each order, or part of one, that made anything. Its
-- receipt into stock is a move line. Before the order is done Odoo keeps no time of it but the last change.
SELECT
    'completion/' || id                                                  AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'op_complete'                                                        AS kind,
    state                                                                AS sub_kind,
    CASE WHEN state = 'cancel' THEN 'cancelled' ELSE 'posted' END        AS state,
    CASE WHEN state = 'done' THEN instant(date_finished, 'UTC') END      AS occurred_at,
    CASE WHEN state = 'done' THEN instant(date_finished, 'UTC') ELSE instant(write_date, 'UTC') END AS recorded_at,
    'utc'                                                                AS time_basis,
    company_id_1                                                         AS company,
    CASE
        WHEN regexp_matches(location_dest_id_1, plant_in_path) AND NOT regexp_matches(location_dest_id_1, no_plant)
            THEN regexp_extract(location_dest_id_1, plant_in_path, 1)
        ELSE split_part(picking_type_id_1, ': ', 1)
    END                                                                  AS plant,
    coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0) AS item,
    lot_producing_id_1                                                   AS lot,
    rounded(qty_produced, 6)                                             AS quantity_source,
    product_uom_id_1                                                     AS unit_source,
    'production'                                                         AS order_kind,
    CASE WHEN order_key = 'family' AND backorder_sequence > 0 THEN regexp_replace(name, backorder_suffix, '') ELSE name END AS order_no,
    name                                                                 AS document_no
FROM page
WHERE rounded(qty_produced, 6) > 0
