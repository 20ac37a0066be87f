-- What equipment is called that a request names by its record; the text of a request has the serial number in it as well.
SELECT
    'equipment/' || id                                                   AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'equipment'                                                          AS object,
    source                                                               AS of_source,
    'maintenance.equipment,' || id                                       AS of_key,
    name                                                                 AS key,
    'derived'                                                            AS confidence
FROM page
