-- What a production order is called that is named by its record, as Odoo writes references: mrp.production,42.
SELECT
    'order/' || id                                                       AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'order'                                                              AS object,
    source                                                               AS of_source,
    'mrp.production,' || id                                              AS of_key,
    name                                                                 AS key,
    'derived'                                                            AS confidence
FROM page
