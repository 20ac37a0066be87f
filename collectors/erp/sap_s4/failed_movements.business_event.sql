-- Goods movements that failed and wait to be posted again: they have no effect, and tell why a posting is missing.
SELECT
    WEBLNR || '/' || WEBLPOS                                             AS source_key,
    movement.kind,
    BWART                                                                AS sub_kind,
    'failed'                                                             AS state,
    odata_date(BUDAT)                                                    AS posting_on,
    seconds_instant(odata_date(ERSDA), 0, server_zone)                   AS recorded_at,
    'day'                                                                AS time_precision,
    WERKS                                                                AS plant,
    nullif(LGORT, '')                                                    AS location,
    CASE leading_zeros WHEN 'keep' THEN MATNR ELSE unpadded(MATNR) END   AS item,
    nullif(CHARG, '')                                                    AS lot,
    movement.sign * exact(ERFMG)                                         AS quantity_source,
    ERFME                                                                AS unit_source,
    ordered.order_kind,
    made.order_no,
    nullif(concat_ws(' ', nullif(MSGID, ''), nullif(MSGNO, '')), '')     AS reason,
    lower(nullif(XBLNR, ''))                                             AS correlation_id
FROM page,
LATERAL (SELECT CASE leading_zeros WHEN 'keep' THEN nullif(AUFNR, '') ELSE unpadded(AUFNR) END AS order_no) AS made,
LATERAL (SELECT sap_order(made.order_no, maintenance_orders) AS order_kind) AS ordered,
LATERAL (SELECT sap_movement(BWART, ordered.order_kind) AS kind, CASE WHEN sap_comes(BWART) THEN 1 ELSE -1 END AS sign) AS movement
