-- Items as the shop floor keeps them: how they are counted, whether by lots, and whether they are in use. What is not told is empty.
SELECT
    concat_ws('/', plant, item)                          AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'item'                                               AS object,
    item                                                 AS key,
    name,
    CASE WHEN nullif(trim(active, '"'), 'null') IS NOT NULL THEN flag(trim(active, '"')) END AS is_active,
    instant(changed_at, 'UTC')                           AS changed_at,
    json_object('lot_controlled', CASE WHEN nullif(trim(lot_controlled, '"'), 'null') IS NOT NULL THEN flag(trim(lot_controlled, '"')) END,
        'shelf_life_days', CAST(exact(shelf_life_days) AS BIGINT), 'gtin', gtin) AS attributes,
    plant,
    item,
    1                                                    AS quantity_source,
    uom                                                  AS unit_source
FROM page
