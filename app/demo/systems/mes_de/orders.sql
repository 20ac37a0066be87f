-- Orders as the shop floor has them. One version after the other comes with the files: the change stamp is a wall clock,
-- which an autumn night repeats.
SELECT
    plant || '/' || Auftrag                              AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'production'                                         AS order_kind,
    Auftrag                                              AS order_no,
    Auftrag                                              AS order_family,
    CASE Status
        WHEN 'Freigegeben' THEN 'released'
        WHEN 'In Arbeit' THEN 'in_progress'
        WHEN 'Rückgemeldet' THEN 'done'
        WHEN 'Abgeschlossen' THEN 'closed'
        WHEN 'Storniert' THEN 'cancelled'
    END                                                  AS status,
    Status                                               AS status_source,
    plant,
    Material                                             AS item,
    Revision                                             AS item_revision,
    exact(Menge)                                         AS quantity_source,
    Einheit                                              AS unit_source,
    parsed_instant(Stand, '%d.%m.%Y %H:%M:%S', plant_zone) AS changed_at
FROM page
