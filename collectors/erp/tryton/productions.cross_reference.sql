-- What the company calls a production order that Tryton knows by its record id.
SELECT
    'order/' || id                                                       AS source_key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS revised_at,
    'order'                                                              AS object,
    source                                                               AS of_source,
    CAST(id AS VARCHAR)                                                  AS of_key,
    CASE WHEN order_key = 'reference' THEN coalesce(reference, number, CAST(id AS VARCHAR))
         ELSE coalesce(number, CAST(id AS VARCHAR)) END                  AS key,
    'derived'                                                            AS confidence
FROM page
