/*
stage:   origin
grain:   one row per lot that came from somewhere: a posting that stands brought some of it in
reads:   live_origins
*/
SELECT {by}, min(fact_no) AS origin_no
FROM live_origins
WHERE stands AND coalesce(quantity > 0, true) AND {known}
GROUP BY {by}
