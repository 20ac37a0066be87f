-- Cross-references of a source, one row per key and day it is valid from; each ends where the next begins.
WITH newest AS (
    SELECT
        object, of_key, of_item, valid_from,
        arg_max(key, fact_no) AS key, arg_max(factor, fact_no) AS factor, max(valid_to) AS valid_to
    FROM cross_reference
    WHERE of_source = $source AND superseded_at IS NULL AND NOT is_deleted
    GROUP BY object, of_key, of_item, valid_from
)
SELECT
    object, of_key, of_item, key, factor, valid_from,
    least(
        coalesce(valid_to, DATE '9999-12-31'),
        coalesce(lead(valid_from) OVER (PARTITION BY object, of_key, of_item ORDER BY valid_from), DATE '9999-12-31')
    ) AS valid_to
FROM newest
