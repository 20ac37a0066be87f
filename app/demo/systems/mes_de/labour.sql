-- Labour: minutes somebody worked on an operation. A record with `Storno` takes back the one named there.
SELECT
    Meldung                                              AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'labor'                                              AS kind,
    Storno IS NOT NULL                                   AS is_reversal,
    Storno                                               AS reverses_key,
    parsed_instant(Zeitpunkt, '%d.%m.%Y %H:%M:%S', plant_zone) AS occurred_at,
    plant,
    CASE WHEN Storno IS NULL THEN exact(Minuten) ELSE -exact(Minuten) END AS labor_minutes,
    'production'                                         AS order_kind,
    Auftrag                                              AS order_no,
    Vorgang                                              AS op_no,
    Arbeitsplatz                                         AS equipment,
    Meldung                                              AS correlation_id,
    Meldung                                              AS idempotency_key
FROM page
