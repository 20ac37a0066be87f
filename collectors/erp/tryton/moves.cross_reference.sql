-- Which lot a production made: inspections name the production, everyone else the lot.
SELECT
    'lot of production/' || id                                           AS source_key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS revised_at,
    'lot'                                                                AS object,
    source                                                               AS of_source,
    'production,' || production_output                                   AS of_key,
    lot_number                                                           AS key,
    'derived'                                                            AS confidence
FROM page
WHERE production_output IS NOT NULL AND lot_number IS NOT NULL
