-- Move lines: what moved, by lot and exact place. One row for each stock location a line touches: + into it, - out of it;
-- the two rows of a transfer share their correlation_id. Vendors, customers, production, scrap and inventory adjustment are
-- not stock. A line that touches no stock at all, vendor straight to customer, is one row without location.
-- Lines not done yet are planned: reserved, without effect. A line that is done may be corrected, down to nothing.
-- What is scrapped carries the origin its scrap order was given; what an operation lost never was in stock: it is counted, not taken out.
-- The name of a person that Odoo writes into the reference of an adjustment is left out.
SELECT
    id || leg.side                                                       AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    CASE
        WHEN restatement = 'status_change' AND place.from_kind = 'internal' AND place.to_kind = 'internal'
            AND quality.from_status <> quality.to_status THEN 'status_change'
        WHEN leg.side = '/in' THEN CASE leg.other_kind
            WHEN 'production' THEN 'fg_receipt' WHEN 'supplier' THEN 'receipt' WHEN 'customer' THEN 'return'
            WHEN 'internal' THEN 'transfer' WHEN 'transit' THEN 'transfer' ELSE 'adjust'
        END
        WHEN leg.other_kind = 'production' AND regexp_matches(leg.other, maintenance_locations) THEN 'spare_issue'
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
    CASE WHEN leg.side = '/in' OR quality.is_lost THEN rounded(quantity, 6) ELSE -rounded(quantity, 6) END AS quantity_source,
    product_uom_id_1                                                     AS unit_source,
    CASE
        WHEN leg.kind = 'transit' THEN 'transit'
        WHEN leg.location IS NOT NULL THEN leg.status
    END                                                                  AS stock_status,
    'consignment:' || owner_id_1                                         AS stock_owner,
    CASE
        WHEN leg.other_kind = 'production' AND regexp_matches(leg.other, maintenance_locations) THEN 'maintenance'
        WHEN leg.other_kind = 'production' OR quality.is_lost THEN 'production'
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
        WHEN origin_says = 'correlation' AND origin IS NOT NULL THEN origin
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
    SELECT
        CASE WHEN regexp_matches(location_id_1, blocked_locations) THEN 'blocked'
            WHEN regexp_matches(location_id_1, inspection_locations) THEN 'inspect' ELSE 'free' END AS from_status,
        CASE WHEN regexp_matches(location_dest_id_1, blocked_locations) THEN 'blocked'
            WHEN regexp_matches(location_dest_id_1, inspection_locations) THEN 'inspect' ELSE 'free' END AS to_status,
        from_kind = 'production' AND to_kind = 'inventory' AS is_lost
) AS quality,
LATERAL (
    SELECT '/out' AS side, location_id_1 AS location, from_kind AS kind, from_status AS status, location_dest_id_1 AS other, to_kind AS other_kind
    WHERE from_kind IN ('internal', 'transit')
    UNION ALL
    SELECT '/in', location_dest_id_1, to_kind, to_status, location_id_1, from_kind
    WHERE to_kind IN ('internal', 'transit')
    UNION ALL
    SELECT '/past', NULL, NULL, NULL, location_dest_id_1, to_kind
    WHERE from_kind NOT IN ('internal', 'transit') AND to_kind NOT IN ('internal', 'transit')
) AS leg
