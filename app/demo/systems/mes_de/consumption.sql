-- Consumption: material an order took out of a location, so the quantity counts out of it.
SELECT
    Buchung                                              AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'goods_issue'                                        AS kind,
    Storno IS NOT NULL                                   AS is_reversal,
    Storno                                               AS reverses_key,
    parsed_instant(Zeitpunkt, '%d.%m.%Y %H:%M:%S', plant_zone) AS occurred_at,
    plant,
    Lagerort                                             AS location,
    Material                                             AS item,
    Charge                                               AS lot,
    CASE WHEN Storno IS NULL THEN -exact(Menge) ELSE exact(Menge) END AS quantity_source,
    Einheit                                              AS unit_source,
    'production'                                         AS order_kind,
    Auftrag                                              AS order_no,
    Vorgang                                              AS op_no,
    Buchung                                              AS correlation_id,
    Buchung                                              AS idempotency_key
FROM page
