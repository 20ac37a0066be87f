-- The plant of a record that names its warehouse in full: the code that opens the names of its locations.
SELECT
    'plant/' || id                                                       AS source_key,
    instant(write_date, 'UTC')                                           AS revised_at,
    'plant'                                                              AS object,
    source                                                               AS of_source,
    name                                                                 AS of_key,
    code                                                                 AS key,
    'derived'                                                            AS confidence
FROM page
