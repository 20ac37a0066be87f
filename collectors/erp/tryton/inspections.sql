-- Inspections: failed blocks the lot, passed releases it. The origin is 'production,<id>'; cross-references give lot and order.
SELECT
    CAST(id AS VARCHAR)                                                  AS source_key,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS revised_at,
    CASE state WHEN 'passed' THEN 'release' WHEN 'failed' THEN 'hold' ELSE 'usage_decision' END AS kind,
    CASE WHEN state IN ('passed', 'failed') THEN 'decided' ELSE 'open' END AS status,
    state                                                                AS status_source,
    origin                                                               AS lot,
    CASE WHEN origin LIKE 'production,%' THEN split_part(origin, ',', 2) END AS order_no,
    control_name                                                         AS code,
    tryton_instant(processed_at)                                         AS effective_at,
    coalesce(tryton_instant(write_date), tryton_instant(create_date))    AS changed_at
FROM page
