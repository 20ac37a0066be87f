-- Completions: good, scrap and rework are rows of their own, each with the id of the event they were sent with. A record with
-- `Storno` takes back the event named there; its quantities are given as they were and count the other way.
-- The conditions keep what cannot be read, so that it becomes a reject and not nothing.
SELECT
    Meldung || '/good'                                   AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'op_complete'                                        AS kind,
    Storno IS NOT NULL                                   AS is_reversal,
    Storno || '/good'                                    AS reverses_key,
    parsed_instant(Ende, '%d.%m.%Y %H:%M:%S', plant_zone) AS occurred_at,
    plant,
    Material                                             AS item,
    CASE WHEN Storno IS NULL THEN exact(Gutmenge) ELSE -exact(Gutmenge) END AS quantity_source,
    Einheit                                              AS unit_source,
    'production'                                         AS order_kind,
    Auftrag                                              AS order_no,
    Vorgang                                              AS op_no,
    Arbeitsplatz                                         AS equipment,
    Meldung                                              AS correlation_id,
    Meldung                                              AS idempotency_key
FROM page
WHERE coalesce(exact(Gutmenge) <> 0, true) OR (coalesce(exact(Ausschuss), 0) = 0 AND coalesce(exact(Nacharbeit), 0) = 0)
UNION ALL
SELECT
    Meldung || '/scrap'                                  AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'scrap'                                              AS kind,
    Storno IS NOT NULL                                   AS is_reversal,
    Storno || '/scrap'                                   AS reverses_key,
    parsed_instant(Ende, '%d.%m.%Y %H:%M:%S', plant_zone) AS occurred_at,
    plant,
    Material                                             AS item,
    CASE WHEN Storno IS NULL THEN exact(Ausschuss) ELSE -exact(Ausschuss) END AS quantity_source,
    Einheit                                              AS unit_source,
    'production'                                         AS order_kind,
    Auftrag                                              AS order_no,
    Vorgang                                              AS op_no,
    Arbeitsplatz                                         AS equipment,
    Meldung                                              AS correlation_id,
    Meldung                                              AS idempotency_key
FROM page
WHERE Ausschuss IS NOT NULL AND coalesce(exact(Ausschuss) <> 0, true)
UNION ALL
SELECT
    Meldung || '/rework'                                 AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'rework'                                             AS kind,
    Storno IS NOT NULL                                   AS is_reversal,
    Storno || '/rework'                                  AS reverses_key,
    parsed_instant(Ende, '%d.%m.%Y %H:%M:%S', plant_zone) AS occurred_at,
    plant,
    Material                                             AS item,
    CASE WHEN Storno IS NULL THEN exact(Nacharbeit) ELSE -exact(Nacharbeit) END AS quantity_source,
    Einheit                                              AS unit_source,
    'production'                                         AS order_kind,
    Auftrag                                              AS order_no,
    Vorgang                                              AS op_no,
    Arbeitsplatz                                         AS equipment,
    Meldung                                              AS correlation_id,
    Meldung                                              AS idempotency_key
FROM page
WHERE Nacharbeit IS NOT NULL AND coalesce(exact(Nacharbeit) <> 0, true)
