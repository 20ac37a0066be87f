-- Genealogy: this much of from_lot went into lot.
SELECT
    coalesce(link_id, concat_ws('/', order_no, op, item, lot, from_item, from_lot)) AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    item,
    lot,
    from_item,
    from_lot,
    plant,
    order_no,
    op                                                   AS op_no,
    exact(qty)                                           AS quantity_source,
    uom                                                  AS unit_source,
    instant("at", plant_zone)                            AS occurred_at
FROM page
