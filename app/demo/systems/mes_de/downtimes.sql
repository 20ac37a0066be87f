-- Downtime: one interval of one piece of equipment; without an end it still lasts.
SELECT
    Meldung                                              AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    Anlage                                               AS equipment,
    CASE Zustand WHEN 'Störung' THEN 'down' WHEN 'Rüsten' THEN 'setup' WHEN 'Wartung' THEN 'maintenance' END AS state,
    plant,
    parsed_instant(Beginn, '%d.%m.%Y %H:%M:%S', plant_zone) AS started_at,
    parsed_instant(Ende, '%d.%m.%Y %H:%M:%S', plant_zone) AS ended_at,
    Grund                                                AS reason
FROM page
