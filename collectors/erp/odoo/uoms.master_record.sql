-- Units: name, category and how finely they are counted.
SELECT
    'unit/' || id                                                        AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'unit'                                                               AS object,
    name                                                                 AS key,
    name,
    active                                                               AS is_active,
    instant(write_date, 'UTC')                                           AS changed_at,
    json_object('category', category_id_1, 'type', uom_type, 'rounding', CAST(rounded(rounding, 9) AS DOUBLE)) AS attributes
FROM page
