-- The words a mapping may use beside plain SQL. Each decodes one wire form of source-systems' field guides and comes with
-- a twin `<name>_problem`: NULL where the value is fine or absent, else what is wrong with it. A record with a problem
-- becomes a reject; nothing is guessed. Empty text counts as absent.

-- A decimal, exact to the last digit: '12.5' -> 12.500000000. More than 9 decimals is a problem, not a rounding.
CREATE MACRO exact(x) AS TRY_CAST(nullif(trim(CAST(x AS VARCHAR)), '') AS DECIMAL(38, 9));
CREATE MACRO exact_problem(x) AS CASE
    WHEN nullif(trim(CAST(x AS VARCHAR)), '') IS NULL THEN NULL
    WHEN exact(x) IS NULL OR contains(CAST(x AS VARCHAR), '_') THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is not a decimal number such as 12.5'
    WHEN TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 18)) <> exact(x) THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' has more than 9 decimals; use rounded(value, digits) if the source computes in floating point'
END;

-- A decimal from a source that computes in floating point, rounded half up to `digits` (0 to 9): 226.20000000000002 -> 226.2.
CREATE MACRO rounded(x, digits) AS CAST(round(TRY_CAST(nullif(trim(CAST(x AS VARCHAR)), '') AS DECIMAL(38, 18)), digits) AS DECIMAL(38, 9));
CREATE MACRO rounded_problem(x, digits) AS CASE
    WHEN nullif(trim(CAST(x AS VARCHAR)), '') IS NULL THEN NULL
    WHEN TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 18)) IS NULL OR contains(CAST(x AS VARCHAR), '_') THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is not a decimal number such as 12.5'
END;

-- Wall time of a zone to an instant. On the autumn night two instants carry one wall time: the earlier is taken.
CREATE MACRO zoned(wall, zone) AS CASE
    WHEN timezone(zone, timezone(zone, wall) - INTERVAL 1 HOUR) = wall THEN timezone(zone, wall) - INTERVAL 1 HOUR
    WHEN timezone(zone, timezone(zone, wall) - INTERVAL 30 MINUTE) = wall THEN timezone(zone, wall) - INTERVAL 30 MINUTE
    ELSE timezone(zone, wall)
END;
CREATE MACRO zoned_problem(wall, zone) AS CASE
    WHEN wall IS NOT NULL AND timezone(zone, timezone(zone, wall)) <> wall THEN CAST(wall AS VARCHAR) || ' does not exist in ' || zone || ' (clocks go forward)'
END;
CREATE MACRO zoned_basis(wall, zone) AS CASE
    WHEN wall IS NULL THEN NULL
    WHEN timezone(zone, timezone(zone, wall) - INTERVAL 1 HOUR) = wall
      OR timezone(zone, timezone(zone, wall) + INTERVAL 1 HOUR) = wall
      OR timezone(zone, timezone(zone, wall) - INTERVAL 30 MINUTE) = wall
      OR timezone(zone, timezone(zone, wall) + INTERVAL 30 MINUTE) = wall THEN 'ambiguous'
    ELSE 'plant_local'
END;

CREATE MACRO has_offset(x) AS regexp_matches(trim(CAST(x AS VARCHAR)), '[T ]\d\d:?\d\d.*([zZ]|[+-]\d\d(:?\d\d)?)$');
CREATE MACRO wall_time(x) AS CASE WHEN regexp_matches(CAST(x AS VARCHAR), '^\s*\d{4}-\d\d-\d\d') THEN TRY_CAST(trim(CAST(x AS VARCHAR)) AS TIMESTAMP) END;

-- ISO 8601 text to an instant; text without an offset is wall time of `zone` ('UTC' for sources that send naive UTC).
CREATE MACRO instant(x, zone) AS CASE
    WHEN nullif(trim(CAST(x AS VARCHAR)), '') IS NULL THEN NULL
    WHEN has_offset(x) THEN TRY_CAST(trim(CAST(x AS VARCHAR)) AS TIMESTAMPTZ)
    ELSE zoned(wall_time(x), zone)
END;
CREATE MACRO instant_problem(x, zone) AS CASE
    WHEN nullif(trim(CAST(x AS VARCHAR)), '') IS NULL THEN NULL
    WHEN NOT regexp_matches(CAST(x AS VARCHAR), '^\s*\d{4}-\d\d-\d\d') OR coalesce(CAST(TRY_CAST(trim(CAST(x AS VARCHAR)) AS TIMESTAMPTZ) AS VARCHAR), CAST(wall_time(x) AS VARCHAR)) IS NULL
        THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is not an instant such as 2026-11-20T14:30:00+01:00'
    WHEN NOT has_offset(x) THEN zoned_problem(wall_time(x), zone)
END;
CREATE MACRO instant_basis(x, zone) AS CASE
    WHEN nullif(trim(CAST(x AS VARCHAR)), '') IS NULL THEN NULL
    WHEN has_offset(x) THEN CASE WHEN upper(right(trim(CAST(x AS VARCHAR)), 1)) = 'Z' THEN 'utc' ELSE 'offset' END
    WHEN zone = 'UTC' THEN 'utc'
    ELSE zoned_basis(wall_time(x), zone)
END;

-- Text in any other layout, by a strptime format: parsed_instant('20.11.2026 14:30', '%d.%m.%Y %H:%M', plant_zone).
CREATE MACRO parsed_instant(x, layout, zone) AS zoned(try_strptime(nullif(trim(CAST(x AS VARCHAR)), ''), layout), zone);
CREATE MACRO parsed_instant_problem(x, layout, zone) AS CASE
    WHEN nullif(trim(CAST(x AS VARCHAR)), '') IS NULL THEN NULL
    WHEN try_strptime(trim(CAST(x AS VARCHAR)), layout) IS NULL THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' does not have the layout ' || layout
    ELSE zoned_problem(try_strptime(trim(CAST(x AS VARCHAR)), layout), zone)
END;
CREATE MACRO parsed_instant_basis(x, layout, zone) AS CASE WHEN zone = 'UTC' THEN 'utc' ELSE zoned_basis(try_strptime(nullif(trim(CAST(x AS VARCHAR)), ''), layout), zone) END;

CREATE MACRO parsed_date(x, layout) AS CAST(try_strptime(nullif(trim(CAST(x AS VARCHAR)), ''), layout) AS DATE);
CREATE MACRO parsed_date_problem(x, layout) AS CASE
    WHEN nullif(trim(CAST(x AS VARCHAR)), '') IS NOT NULL AND parsed_date(x, layout) IS NULL THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' does not have the layout ' || layout
END;

-- A calendar date: '2026-11-20', or the date part of a longer ISO text. Never shifted by a zone.
CREATE MACRO date_of(x) AS TRY_CAST(left(nullif(trim(CAST(x AS VARCHAR)), ''), 10) AS DATE);
CREATE MACRO date_of_problem(x) AS CASE
    WHEN nullif(trim(CAST(x AS VARCHAR)), '') IS NULL THEN NULL
    WHEN NOT regexp_matches(CAST(x AS VARCHAR), '^\s*\d{4}-\d\d-\d\d') OR date_of(x) IS NULL THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is not a date such as 2026-11-20'
END;

-- Seconds, milliseconds or microseconds since 1970: epoch_instant(timestamp, 's').
CREATE MACRO epoch_instant(x, unit) AS make_timestamptz(CAST(round(TRY_CAST(nullif(trim(CAST(x AS VARCHAR)), '') AS DECIMAL(38, 6))
    * CASE unit WHEN 's' THEN 1000000 WHEN 'ms' THEN 1000 WHEN 'us' THEN 1 END) AS BIGINT));
CREATE MACRO epoch_instant_problem(x, unit) AS CASE
    WHEN nullif(trim(CAST(x AS VARCHAR)), '') IS NULL THEN NULL
    WHEN unit NOT IN ('s', 'ms', 'us') THEN '''' || unit || ''' is not s, ms or us'
    WHEN coalesce(abs(TRY_CAST(trim(CAST(x AS VARCHAR)) AS DECIMAL(38, 6))) / CASE unit WHEN 's' THEN 1 WHEN 'ms' THEN 1000 ELSE 1000000 END, 1e18) > 32503680000 THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is not a number of ' || unit || ' since 1970 before the year 3000'
END;

-- OData V2 '/Date(1746172800000)/' or '/Date(1746172800000+0060)/': the number is UTC already, the suffix only a display offset.
CREATE MACRO odata_instant(x) AS make_timestamptz(TRY_CAST(regexp_extract(CAST(x AS VARCHAR), '^/Date\((-?\d{1,15})([+-]\d+)?\)/$', 1) AS BIGINT) * 1000);
CREATE MACRO odata_instant_problem(x) AS CASE
    WHEN nullif(CAST(x AS VARCHAR), '') IS NOT NULL AND odata_instant(x) IS NULL THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is not an OData instant such as /Date(1746172800000)/'
END;
-- The same wire form where the source means a date (SAP posting dates): the UTC calendar date, not converted.
CREATE MACRO odata_date(x) AS CAST(timezone('UTC', odata_instant(x)) AS DATE);
CREATE MACRO odata_date_problem(x) AS odata_instant_problem(x);

-- ISO duration since midnight 'PT23H59M59S' (OData Edm.Time) to seconds.
CREATE MACRO clock_seconds(x) AS CASE WHEN regexp_matches(CAST(x AS VARCHAR), '^PT(\d+H)?(\d+M)?(\d+(\.\d+)?S)?$') AND CAST(x AS VARCHAR) <> 'PT' THEN
      coalesce(TRY_CAST(nullif(regexp_extract(CAST(x AS VARCHAR), '(\d+)H', 1), '') AS BIGINT), 0) * 3600
    + coalesce(TRY_CAST(nullif(regexp_extract(CAST(x AS VARCHAR), '(\d+)M', 1), '') AS BIGINT), 0) * 60
    + coalesce(TRY_CAST(floor(TRY_CAST(nullif(regexp_extract(CAST(x AS VARCHAR), '(\d+(\.\d+)?)S', 1), '') AS DECIMAL(18, 6))) AS BIGINT), 0) END;
CREATE MACRO clock_seconds_problem(x) AS CASE
    WHEN nullif(CAST(x AS VARCHAR), '') IS NOT NULL AND clock_seconds(x) IS NULL THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is not a time such as PT23H59M59S'
END;
-- A date and seconds after midnight of the plant's wall clock: SAP date + time pairs, Dynamics 55800.
CREATE MACRO seconds_instant(on_day, seconds, zone) AS zoned(CAST(on_day AS TIMESTAMP) + to_seconds(CAST(seconds AS BIGINT)), zone);
CREATE MACRO seconds_instant_problem(on_day, seconds, zone) AS CASE
    WHEN on_day IS NULL OR seconds IS NULL THEN NULL
    WHEN CAST(seconds AS BIGINT) NOT BETWEEN 0 AND 86399 THEN CAST(seconds AS VARCHAR) || ' seconds is not a time of day'
    ELSE zoned_problem(CAST(on_day AS TIMESTAMP) + to_seconds(CAST(seconds AS BIGINT)), zone)
END;
CREATE MACRO seconds_instant_basis(on_day, seconds, zone) AS zoned_basis(CAST(on_day AS TIMESTAMP) + to_seconds(CAST(seconds AS BIGINT)), zone);

-- '20261120143000' and '20261120' (SAP strings); all zeros means absent.
CREATE MACRO compact_instant(x, zone) AS zoned(try_strptime(nullif(nullif(CAST(x AS VARCHAR), ''), '00000000000000'), '%Y%m%d%H%M%S'), zone);
CREATE MACRO compact_instant_problem(x, zone) AS CASE
    WHEN nullif(nullif(CAST(x AS VARCHAR), ''), '00000000000000') IS NULL THEN NULL
    WHEN NOT regexp_matches(CAST(x AS VARCHAR), '^\d{14}$') OR try_strptime(CAST(x AS VARCHAR), '%Y%m%d%H%M%S') IS NULL THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is not an instant such as 20261120143000'
    ELSE zoned_problem(try_strptime(CAST(x AS VARCHAR), '%Y%m%d%H%M%S'), zone)
END;
CREATE MACRO compact_instant_basis(x, zone) AS CASE WHEN zone = 'UTC' THEN 'utc' ELSE zoned_basis(try_strptime(nullif(nullif(CAST(x AS VARCHAR), ''), '00000000000000'), '%Y%m%d%H%M%S'), zone) END;
CREATE MACRO compact_date(x) AS CAST(try_strptime(nullif(nullif(CAST(x AS VARCHAR), ''), '00000000'), '%Y%m%d') AS DATE);
CREATE MACRO compact_date_problem(x) AS CASE
    WHEN nullif(nullif(CAST(x AS VARCHAR), ''), '00000000') IS NULL THEN NULL
    WHEN NOT regexp_matches(CAST(x AS VARCHAR), '^\d{8}$') OR compact_date(x) IS NULL THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is not a date such as 20261120'
END;

-- Tryton objects: {"__class__":"datetime",...} is naive UTC, {"__class__":"date",...} a calendar date, {"__class__":"Decimal","decimal":"12.5"} exact.
CREATE MACRO tryton_instant(x) AS CASE WHEN json_extract_string(x, '$.__class__') = 'datetime' THEN timezone('UTC', try_strptime(
    concat_ws('-', json_extract_string(x, '$.year'), json_extract_string(x, '$.month'), json_extract_string(x, '$.day')) || ' '
    || concat_ws(':', json_extract_string(x, '$.hour'), json_extract_string(x, '$.minute'), json_extract_string(x, '$.second')), '%Y-%m-%d %H:%M:%S')
    + to_microseconds(coalesce(TRY_CAST(json_extract_string(x, '$.microsecond') AS BIGINT), 0))) END;
CREATE MACRO tryton_instant_problem(x) AS CASE WHEN x IS NOT NULL AND tryton_instant(x) IS NULL THEN left(CAST(x AS VARCHAR), 80) || ' is not a Tryton datetime object' END;
CREATE MACRO tryton_date(x) AS CASE WHEN json_extract_string(x, '$.__class__') = 'date' THEN CAST(try_strptime(
    concat_ws('-', json_extract_string(x, '$.year'), json_extract_string(x, '$.month'), json_extract_string(x, '$.day')), '%Y-%m-%d') AS DATE) END;
CREATE MACRO tryton_date_problem(x) AS CASE WHEN x IS NOT NULL AND tryton_date(x) IS NULL THEN left(CAST(x AS VARCHAR), 80) || ' is not a Tryton date object' END;
CREATE MACRO tryton_exact(x) AS exact(CASE WHEN json_extract_string(x, '$.__class__') = 'Decimal' THEN json_extract_string(x, '$.decimal') ELSE CAST(x AS VARCHAR) END);
CREATE MACRO tryton_exact_problem(x) AS exact_problem(CASE WHEN json_extract_string(x, '$.__class__') = 'Decimal' THEN json_extract_string(x, '$.decimal') ELSE CAST(x AS VARCHAR) END);

-- Names with _xHHHH_ escapes (Business Central): 'Positive_x0020_Adjmt_x002E_' -> 'Positive Adjmt.'.
CREATE MACRO unescaped(x) AS list_aggregate(list_transform(regexp_extract_all(CAST(x AS VARCHAR), '_x[0-9A-Fa-f]{4}_|[^_]+|_'),
    lambda part: CASE WHEN regexp_matches(part, '^_x[0-9A-Fa-f]{4}_$') THEN chr(CAST('0x' || part[3:6] AS INTEGER)) ELSE part END), 'string_agg', '');

-- Yes or no in the usual spellings: X, true, 1, Y, yes, J / empty, false, 0, N, no.
CREATE MACRO flag(x) AS CASE
    WHEN lower(trim(CAST(x AS VARCHAR))) IN ('x', 'true', 't', '1', 'y', 'yes', 'j', 'ja') THEN true
    WHEN lower(trim(coalesce(CAST(x AS VARCHAR), ''))) IN ('', 'false', 'f', '0', 'n', 'no', 'nein') THEN false
END;
CREATE MACRO flag_problem(x) AS CASE WHEN flag(x) IS NULL THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is neither yes nor no' END;
