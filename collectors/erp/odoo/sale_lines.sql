-- Sales order lines; headings and notes have neither item nor quantity.
SELECT
    'sale line/' || id                                                   AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'sales'                                                              AS order_kind,
    order_id_1                                                           AS order_no,
    'sales_line'                                                         AS line_kind,
    CAST(id AS VARCHAR)                                                  AS line_no,
    coalesce(nullif(regexp_extract(product_id_1, '^\[([^\]]+)\]', 1), ''), '#' || product_id_0) AS item,
    rounded(product_uom_qty, 6)                                          AS quantity_source,
    product_uom_1                                                        AS unit_source,
    rounded(qty_delivered, 6)                                            AS quantity_done,
    CASE
        WHEN rounded(qty_delivered, 6) >= rounded(product_uom_qty, 6) AND rounded(product_uom_qty, 6) > 0 THEN 'done'
        WHEN rounded(qty_delivered, 6) > 0 THEN 'partially_done'
    END                                                                  AS status,
    instant(write_date, 'UTC')                                           AS changed_at
FROM page
