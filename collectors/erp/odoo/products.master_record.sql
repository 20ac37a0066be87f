-- Products: code, name, base unit and how they are tracked. A product without a code is called # and its record id.
SELECT
    'product/' || id                                                     AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'item'                                                               AS object,
    coalesce(default_code, '#' || id)                                    AS key,
    name,
    active                                                               AS is_active,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('unit', uom_id_1, 'tracking', tracking, 'lot_controlled', (tracking = 'lot'), 'type', type, 'category', categ_id_1) AS attributes,
    coalesce(default_code, '#' || id)                                    AS item,
    1                                                                    AS quantity_source,
    uom_id_1                                                             AS unit_source
FROM page
