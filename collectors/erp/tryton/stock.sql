-- Stock by lot in one location, as Tryton computes it for that location.
SELECT
    coalesce(location, location_id) || '/' || number                                            AS source_key,
    coalesce(location, location_id)                                      AS location,
    product_code                                                         AS item,
    number                                                               AS lot,
    CASE WHEN location = quarantine_location THEN 'blocked' ELSE 'free' END AS stock_status,
    rounded(quantity, 9)                                                 AS quantity_source
FROM page
