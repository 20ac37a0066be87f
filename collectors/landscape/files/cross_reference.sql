-- One row of cross_reference/<object>.csv; the name of the file says which kind of object it is about.
SELECT
    concat_ws('/', regexp_extract(file_name, '([a-z_]+)\.csv$', 1), source, page.source_key, item, valid_from) AS source_key,
    regexp_extract(file_name, '([a-z_]+)\.csv$', 1) AS object,
    source                                          AS of_source,
    page.source_key                                 AS of_key,
    item                                            AS of_item,
    key,
    coalesce(exact_factor(factor), 1)                   AS factor,
    coalesce(date_of(valid_from), DATE '1900-01-01') AS valid_from,
    date_of(valid_to)                               AS valid_to
FROM page
