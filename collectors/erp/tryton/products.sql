-- Products: code, name and base unit.
SELECT
    'product/' || id                                                     AS source_key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS revised_at,
    'item'                                                               AS object,
    coalesce(code, CAST(id AS VARCHAR))                                  AS key,
    template_name                                                        AS name,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS changed_at,
    json_object('unit', default_uom_symbol)                              AS attributes,
    coalesce(code, CAST(id AS VARCHAR))                                  AS item,
    1                                                                    AS quantity_source,
    default_uom_symbol                                                   AS unit_source
FROM page
