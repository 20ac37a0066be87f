-- What the shop floor knows of its own message to the ERP: sent without an answer, or answered with a document.
SELECT
    event_id || '/sent'                                  AS source_key,
    instant(changed_at, 'UTC')                           AS revised_at,
    'completions'                                        AS channel,
    CASE WHEN ack_at IS NULL THEN 'sent_unacked' ELSE 'done' END AS status,
    CASE WHEN ack_at IS NULL THEN 'sent' ELSE 'acknowledged' END AS status_source,
    ack_at IS NOT NULL                                   AS is_terminal,
    instant(ended_at, plant_zone)                        AS occurred_at,
    instant(sent_at, plant_zone)                         AS started_at,
    instant(ack_at, plant_zone)                          AS ended_at,
    event_id                                             AS correlation_id,
    event_id                                             AS message_id,
    'op_complete'                                        AS business_kind,
    plant,
    order_no,
    op                                                   AS op_no,
    item,
    lot,
    exact(qty_good)                                      AS quantity_source,
    uom                                                  AS unit_source,
    erp_doc                                              AS document_no
FROM page
WHERE sent_at IS NOT NULL OR ack_at IS NOT NULL
