-- Components of a bill of material, each for the quantity of its bill.
SELECT
    'bom line/' || id                                                    AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'bom_line'                                                           AS object,
    bom_id_0 || '/' || id                                                AS key,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('bom', CAST(bom_id_0 AS VARCHAR), 'item', coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0),
        'quantity', CAST(rounded(product_qty, 6) AS DOUBLE), 'unit', product_uom_id_1) AS attributes
FROM page
