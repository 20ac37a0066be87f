-- Items as the shop floor keeps them. One version after the other comes with the files.
SELECT
    Material                                             AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'item'                                               AS object,
    Material                                             AS key,
    Bezeichnung                                          AS name,
    flag(Verwendbar)                                     AS is_active,
    parsed_instant(Stand, '%d.%m.%Y %H:%M:%S', plant_zone) AS changed_at,
    json_object('lot_controlled', flag(Chargenpflicht))  AS attributes,
    Material                                             AS item,
    1                                                    AS quantity_source,
    Basiseinheit                                         AS unit_source
FROM page
