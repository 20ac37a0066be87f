-- Locations: code, name and what kind of place it is.
SELECT
    'location/' || id                                                    AS source_key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS revised_at,
    'location'                                                           AS object,
    coalesce(code, CAST(id AS VARCHAR))                                  AS key,
    name,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS changed_at,
    json_object('type', type)                                            AS attributes
FROM page
