-- Stock by location, lot and owner, in the product's own unit. Packages of one lot in one place are lines of their own.
SELECT
    'quant/' || id                                                       AS source_key,
    company_id_1                                                         AS company,
    CASE WHEN NOT regexp_matches(location_id_1, no_plant)
        THEN nullif(regexp_extract(location_id_1, plant_in_path, 1), '') END AS plant,
    location_id_1                                                        AS location,
    coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0) AS item,
    lot_id_1                                                             AS lot,
    CASE
        WHEN regexp_matches(location_id_1, blocked_locations) THEN 'blocked'
        WHEN regexp_matches(location_id_1, inspection_locations) THEN 'inspect'
        WHEN regexp_matches(location_id_1, transit_locations) THEN 'transit'
        ELSE 'free'
    END                                                                  AS stock_status,
    'consignment:' || owner_id_1                                         AS stock_owner,
    rounded(quantity, 6)                                                 AS quantity_source,
    product_uom_id_1                                                     AS unit_source,
    rounded(reserved_quantity, 6)                                        AS quantity_reserved
FROM page
