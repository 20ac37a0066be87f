-- The same as messages nobody could post: while one is listed it may still have its effect.
SELECT
    WEBLNR || '/' || WEBLPOS                                             AS source_key,
    'failed goods movements'                                             AS channel,
    'failed'                                                             AS status,
    seconds_instant(odata_date(ERSDA), 0, server_zone)                   AS started_at,
    movement.kind                                                        AS business_kind,
    WERKS                                                                AS plant,
    made.order_no,
    CASE leading_zeros WHEN 'keep' THEN MATNR ELSE unpadded(MATNR) END   AS item,
    nullif(CHARG, '')                                                    AS lot,
    movement.sign * exact(ERFMG)                                         AS quantity_source,
    ERFME                                                                AS unit_source,
    lower(nullif(XBLNR, ''))                                             AS correlation_id,
    nullif(concat_ws(' ', nullif(MSGID, ''), nullif(MSGNO, '')), '')     AS error_code,
    nullif(concat_ws(' ', nullif(MSGID, ''), nullif(MSGNO, ''), nullif(MSGV1, ''), nullif(MSGV2, ''), nullif(MSGV3, ''), nullif(MSGV4, '')), '') AS error_text
FROM page,
LATERAL (SELECT CASE leading_zeros WHEN 'keep' THEN nullif(AUFNR, '') ELSE unpadded(AUFNR) END AS order_no) AS made,
LATERAL (SELECT sap_order(made.order_no, maintenance_orders) AS order_kind) AS ordered,
LATERAL (SELECT sap_movement(BWART, ordered.order_kind) AS kind, CASE WHEN sap_comes(BWART) THEN 1 ELSE -1 END AS sign) AS movement
