-- Ship notices. A purpose that is none of those agreed makes the record a reject.
SELECT
    coalesce(N104_SU, N104_SF, ISA06) || '/' || BSN02    AS source_key,
    instant(file_changed_at, 'UTC')                      AS revised_at,
    'asn'                                                AS order_kind,
    BSN02                                                AS order_no,
    CASE WHEN BSN01 IN ('00', '04', '05') THEN 'released' WHEN BSN01 IN ('01', '03') THEN 'cancelled' END AS status,
    BSN01                                                AS status_source,
    coalesce(N104_SU, N104_SF, ISA06)                    AS partner,
    x12_instant(DTM02_011, DTM03_011, DTM04_011, plant_zone) AS actual_start_at,
    x12_instant(DTM02_017, DTM03_017, DTM04_017, plant_zone) AS planned_end_at,
    x12_instant(BSN03, BSN04, NULL, plant_zone)          AS changed_at,
    compact_date(coalesce(DTM02_011, BSN03))             AS effective_on,
    CASE WHEN REF02_CN IS NOT NULL THEN json_object('carrier_numbers', CAST(REF02_CN AS JSON)) END AS attributes
FROM page
WHERE ISA15 <> 'T' AND line_no = 1
