-- Move lines: what moved, by lot and exact place. One row for each stock location a line touches: + into it, - out of it;
-- the two rows of a transfer share their correlation_id. Vendors, customers, production, scrap and inventory adjustment are
-- not stock. A line that touches no stock at all, vendor straight to customer, is one row without location.
-- Lines not done yet are planned: reserved, without effect. What is scrapped carries the origin its scrap order was given.
-- The name of a person that Odoo writes into the reference of an adjustment is left out.
SELECT
    id || leg.side                                                       AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    CASE leg.side
        WHEN '/in' THEN CASE leg.other_kind
            WHEN 'production' THEN 'fg_receipt' WHEN 'supplier' THEN 'receipt' WHEN 'customer' THEN 'return'
            WHEN 'internal' THEN 'transfer' WHEN 'transit' THEN 'transfer' ELSE 'adjust'
        END
        ELSE CASE leg.other_kind
            WHEN 'production' THEN 'goods_issue' WHEN 'customer' THEN 'ship_confirm' WHEN 'supplier' THEN 'return'
            WHEN 'internal' THEN 'transfer' WHEN 'transit' THEN 'transfer'
            ELSE CASE WHEN regexp_matches(leg.other, scrap_locations) THEN 'scrap' ELSE 'adjust' END
        END
    END                                                                  AS kind,
    place.from_kind || '>' || place.to_kind                              AS sub_kind,
    CASE state WHEN 'done' THEN 'posted' WHEN 'cancel' THEN 'cancelled' WHEN 'draft' THEN 'draft' ELSE 'planned' END AS state,
    CASE WHEN state = 'done' THEN instant(date, 'UTC') END               AS occurred_at,
    CASE WHEN state = 'done' THEN greatest(instant(date, 'UTC'), instant(create_date, 'UTC')) ELSE instant(create_date, 'UTC') END AS recorded_at,
    'utc'                                                                AS time_basis,
    company_id_1                                                         AS company,
    CASE WHEN leg.kind = 'internal' AND NOT regexp_matches(leg.location, no_plant)
        THEN nullif(regexp_extract(leg.location, plant_in_path, 1), '') END AS plant,
    leg.location,
    CASE WHEN leg.side = '/out' AND leg.other_kind = 'internal' AND NOT regexp_matches(leg.other, no_plant)
        THEN nullif(regexp_extract(leg.other, plant_in_path, 1), '') END AS to_plant,
    CASE WHEN leg.side = '/out' AND leg.other_kind IN ('internal', 'transit') THEN leg.other END AS to_location,
    coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0) AS item,
    coalesce(lot_id_1, lot_name)                                         AS lot,
    CASE leg.side WHEN '/in' THEN rounded(quantity, 6) ELSE -rounded(quantity, 6) END AS quantity_source,
    product_uom_id_1                                                     AS unit_source,
    CASE
        WHEN leg.kind = 'transit' THEN 'transit'
        WHEN regexp_matches(leg.location, blocked_locations) THEN 'blocked'
        WHEN regexp_matches(leg.location, inspection_locations) THEN 'inspect'
        WHEN leg.location IS NOT NULL THEN 'free'
    END                                                                  AS stock_status,
    'consignment:' || owner_id_1                                         AS stock_owner,
    CASE
        WHEN leg.other_kind = 'production' THEN 'production'
        WHEN leg.other_kind = 'inventory' THEN NULL
        WHEN place.to_kind IN ('customer', 'supplier') THEN 'delivery'
        WHEN place.from_kind IN ('customer', 'supplier') THEN 'receipt'
        ELSE 'transfer'
    END                                                                  AS order_kind,
    CASE
        WHEN leg.other_kind = 'inventory' THEN NULL
        WHEN leg.other_kind <> 'production' THEN coalesce(picking_id_1, reference)
        WHEN order_key = 'family' THEN regexp_replace(reference, backorder_suffix, '')
        ELSE reference
    END                                                                  AS order_no,
    regexp_replace(coalesce(picking_id_1, reference), ' \(.*\)$', '')    AS document_no,
    CASE
        WHEN leg.other_kind IN ('internal', 'transit') THEN 'stock.move.line,' || id
        WHEN regexp_matches(leg.other, scrap_locations) THEN origin
    END                                                                  AS correlation_id,
    CASE WHEN origin IS NOT NULL THEN json_object('origin', origin) END  AS attributes
FROM page,
LATERAL (
    SELECT
        coalesce(location_usage, CASE
            WHEN regexp_matches(location_id_1, supplier_locations) THEN 'supplier'
            WHEN regexp_matches(location_id_1, customer_locations) THEN 'customer'
            WHEN regexp_matches(location_id_1, production_locations) THEN 'production'
            WHEN regexp_matches(location_id_1, loss_locations) THEN 'inventory'
            WHEN regexp_matches(location_id_1, transit_locations) THEN 'transit'
            ELSE 'internal'
        END) AS from_kind,
        coalesce(location_dest_usage, CASE
            WHEN regexp_matches(location_dest_id_1, supplier_locations) THEN 'supplier'
            WHEN regexp_matches(location_dest_id_1, customer_locations) THEN 'customer'
            WHEN regexp_matches(location_dest_id_1, production_locations) THEN 'production'
            WHEN regexp_matches(location_dest_id_1, loss_locations) THEN 'inventory'
            WHEN regexp_matches(location_dest_id_1, transit_locations) THEN 'transit'
            ELSE 'internal'
        END) AS to_kind
) AS place,
LATERAL (
    SELECT '/out' AS side, location_id_1 AS location, from_kind AS kind, location_dest_id_1 AS other, to_kind AS other_kind
    WHERE from_kind IN ('internal', 'transit')
    UNION ALL
    SELECT '/in', location_dest_id_1, to_kind, location_id_1, from_kind
    WHERE to_kind IN ('internal', 'transit')
    UNION ALL
    SELECT '/past', NULL, NULL, location_dest_id_1, to_kind
    WHERE from_kind NOT IN ('internal', 'transit') AND to_kind NOT IN ('internal', 'transit')
) AS leg
