-- The words a mapping may use beside plain SQL. Each decodes one wire form of source-systems' field guides and comes with
-- a twin `<name>_problem`: NULL where the value is fine or absent, else what is wrong with it. A record with a problem
-- becomes a reject; nothing is guessed. Empty text counts as absent.

-- The value as text, trimmed: NULL where there is nothing. And as it is shown in a reason.
CREATE MACRO written(x) AS nullif(trim(CAST(x AS VARCHAR)), '');
CREATE MACRO shown(x) AS '''' || left(CAST(x AS VARCHAR), 60) || '''';

-- How many decimals a number has, exponent taken into account, zeros at its end not: '1.50' 1, '12e-11' 11, '1000e-12' 9.
CREATE MACRO decimals_of(x) AS CASE WHEN regexp_matches(x, '^[^eE]*[1-9]') THEN
      length(regexp_extract(x, '\.(\d+)', 1)) - coalesce(TRY_CAST(nullif(regexp_extract(x, '[eE]([+-]?\d+)$', 1), '') AS BIGINT), 0)
    - length(regexp_extract(replace(regexp_extract(x, '^[^eE]*'), '.', ''), '0*$')) ELSE 0 END;
CREATE MACRO not_exact(x, digits) AS shown(x) || CASE WHEN regexp_matches(written(x), '^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$')
    THEN ' has more than ' || digits || ' digits before the decimal point' ELSE ' is not a decimal number such as 12.5' END;

-- A decimal, exact to the last digit: '12.5' -> 12.500000000. More than 9 decimals is a problem, not a rounding; more than
-- 18 digits before the point is one as well: sums and differences of such quantities would not fit a DECIMAL(38, 9).
CREATE MACRO exact(x) AS CAST(TRY_CAST(written(x) AS DECIMAL(27, 9)) AS DECIMAL(38, 9));
CREATE MACRO exact_problem(x) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN exact(x) IS NULL OR contains(CAST(x AS VARCHAR), '_') THEN not_exact(x, 18)
    WHEN (length(written(x)) > 10 OR contains(lower(CAST(x AS VARCHAR)), 'e')) AND decimals_of(written(x)) > 9
        THEN shown(x) || ' has more than 9 decimals; use rounded(value, digits) if the source computes in floating point'
END;

-- A factor between units, with up to 15 decimals: '0.083333333333333'.
CREATE MACRO exact_factor(x) AS TRY_CAST(written(x) AS DECIMAL(28, 15));
CREATE MACRO exact_factor_problem(x) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN exact_factor(x) IS NULL OR contains(CAST(x AS VARCHAR), '_') THEN not_exact(x, 13)
    WHEN decimals_of(written(x)) > 15 THEN shown(x) || ' has more than 15 decimals'
END;

-- A decimal from a source that computes in floating point, rounded half up to `digits` (0 to 9): 226.20000000000002 -> 226.2.
CREATE MACRO rounded(x, digits) AS CAST(round(TRY_CAST(written(x) AS DECIMAL(38, 18)), digits) AS DECIMAL(38, 9));
CREATE MACRO rounded_problem(x, digits) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN TRY_CAST(written(x) AS DECIMAL(38, 18)) IS NULL OR contains(CAST(x AS VARCHAR), '_') THEN not_exact(x, 20)
END;

-- A decimal with the signs of a country and the minus in front or behind: exact_written('1.234,50-', ',', '.') -> -1234.5.
-- Groups have three digits, so 1,5 is never taken for 15.
CREATE MACRO plain_number(x, decimal_sign, thousands) AS CASE WHEN regexp_matches(written(x), '^(N|[+-]N|N-)$'.replace('N', '(\d+' ||
    CASE WHEN thousands = '' THEN '' ELSE '|\d{1,3}([' || thousands || ']\d{3})+' END || ')([' || decimal_sign || ']\d+)?'))
    THEN regexp_replace(replace(replace(written(x), thousands, ''), decimal_sign, '.'), '^(.*)-$', '-\1') END;
CREATE MACRO exact_written(x, decimal_sign, thousands) AS exact(plain_number(x, decimal_sign, thousands));
CREATE MACRO exact_written_problem(x, decimal_sign, thousands) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN plain_number(x, decimal_sign, thousands) IS NULL THEN shown(x) || ' is not a decimal number such as 1' || thousands || '234' || decimal_sign || '5'
    ELSE exact_problem(plain_number(x, decimal_sign, thousands))
END;

-- Instants lie between the years 1000 and 9999: 0001-01-01, as some systems write nothing, is a problem and not an event.
CREATE MACRO untimely(moment, x) AS CASE WHEN moment NOT BETWEEN TIMESTAMPTZ '1000-01-01 00:00:00+00' AND TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'
    THEN shown(x) || ' is not between the years 1000 and 9999' END;

-- Wall time of a zone to an instant. On the autumn night two instants carry one wall time: the engine takes the later, we the earlier.
CREATE MACRO turn_of(zone) AS CASE WHEN zone IN ('Australia/Lord_Howe', 'Australia/LHI') THEN INTERVAL 30 MINUTE ELSE INTERVAL 1 HOUR END;
CREATE MACRO is_ambiguous(wall, zone) AS timezone(zone, timezone(zone, wall) - turn_of(zone)) = wall;
CREATE MACRO zoned(wall, zone) AS CASE WHEN is_ambiguous(wall, zone) THEN timezone(zone, wall) - turn_of(zone) ELSE timezone(zone, wall) END;
CREATE MACRO zoned_problem(wall, zone) AS CASE
    WHEN wall IS NULL THEN NULL
    WHEN zone IS NULL THEN CAST(wall AS VARCHAR) || ' is a wall time, and the time zone of its plant is not known'
    WHEN timezone(zone, timezone(zone, wall)) <> wall THEN CAST(wall AS VARCHAR) || ' does not exist in ' || zone || ' (clocks go forward)'
    ELSE untimely(timezone(zone, wall), wall)
END;
CREATE MACRO zoned_basis(wall, zone) AS CASE
    WHEN wall IS NULL THEN NULL
    WHEN zone = 'UTC' THEN 'utc'
    WHEN is_ambiguous(wall, zone) THEN 'ambiguous'
    ELSE 'plant_local'
END;

-- ISO 8601 text to an instant; text without an offset is wall time of `zone` ('UTC' for sources that send naive UTC).
CREATE MACRO has_offset(x) AS regexp_matches(CAST(x AS VARCHAR), ':\d\d(\.\d+)?([zZ]|[+-]\d\d(:?\d\d)?)\s*$');
CREATE MACRO is_iso(x) AS regexp_matches(CAST(x AS VARCHAR), '^ *\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?([zZ]|[+-](0\d|1[0-5])(:?[0-5]\d)?)?)? *$');
CREATE MACRO offset_time(x) AS TRY_CAST(replace(CAST(x AS VARCHAR), 'z', 'Z') AS TIMESTAMPTZ);
CREATE MACRO wall_time(x) AS TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP);
CREATE MACRO instant(x, zone) AS CASE WHEN has_offset(x) THEN offset_time(x) ELSE zoned(wall_time(x), zone) END;
CREATE MACRO instant_problem(x, zone) AS CASE
    WHEN is_iso(x) AND offset_time(x) IS NOT NULL
        THEN CASE WHEN has_offset(x) THEN untimely(offset_time(x), x) ELSE zoned_problem(wall_time(x), zone) END
    WHEN written(x) IS NOT NULL THEN shown(x) || ' is not an instant such as 2026-11-20T14:30:00+01:00'
END;
CREATE MACRO instant_basis(x, zone) AS CASE
    WHEN has_offset(x) THEN CASE WHEN regexp_matches(CAST(x AS VARCHAR), '[zZ]\s*$') THEN 'utc' ELSE 'offset' END
    ELSE zoned_basis(wall_time(x), zone)
END;

-- Text in any other layout, by a strptime format: parsed_instant('20.11.2026 14:30', '%d.%m.%Y %H:%M', plant_zone).
CREATE MACRO parsed(x, layout) AS try_strptime(written(x), layout);
CREATE MACRO parsed_instant(x, layout, zone) AS zoned(parsed(x, layout), zone);
CREATE MACRO parsed_instant_problem(x, layout, zone) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN parsed(x, layout) IS NULL THEN shown(x) || ' does not have the layout ' || layout
    ELSE zoned_problem(parsed(x, layout), zone)
END;
CREATE MACRO parsed_instant_basis(x, layout, zone) AS zoned_basis(parsed(x, layout), zone);

CREATE MACRO parsed_date(x, layout) AS CAST(parsed(x, layout) AS DATE);
CREATE MACRO parsed_date_problem(x, layout) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN parsed(x, layout) IS NULL THEN shown(x) || ' does not have the layout ' || layout
    ELSE untimely(timezone('UTC', parsed(x, layout)), x)
END;

-- A calendar date: '2026-11-20', or the date part of a longer ISO text. Never shifted by a zone.
CREATE MACRO date_of(x) AS TRY_CAST(left(written(x), 10) AS DATE);
CREATE MACRO date_of_problem(x) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN date_of(x) IS NULL OR NOT regexp_matches(written(x), '^\d{4}-\d\d-\d\d([T ]|$)') THEN shown(x) || ' is not a date such as 2026-11-20'
    ELSE untimely(CAST(date_of(x) AS TIMESTAMPTZ), x)
END;

-- Seconds, milliseconds or microseconds since 1970: epoch_instant(timestamp, 's').
CREATE MACRO epoch_number(x) AS TRY_CAST(written(x) AS DECIMAL(26, 6));
CREATE MACRO epoch_instant(x, unit) AS TRY(make_timestamptz(CAST(round(epoch_number(x)
    * CASE unit WHEN 's' THEN 1000000 WHEN 'ms' THEN 1000 WHEN 'us' THEN 1 END) AS BIGINT)));
CREATE MACRO epoch_instant_problem(x, unit) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN unit NOT IN ('s', 'ms', 'us') THEN shown(unit) || ' is not s, ms or us'
    WHEN coalesce(abs(epoch_number(x)) / CASE unit WHEN 's' THEN 1 WHEN 'ms' THEN 1000 ELSE 1000000 END, 1e18) > 32503680000
        THEN shown(x) || ' is not a number of ' || unit || ' since 1970 before the year 3000'
END;

-- OData V2 '/Date(1746172800000)/' or '/Date(1746172800000+0060)/': the number is UTC already, the suffix only a display offset.
CREATE MACRO odata_instant(x) AS make_timestamptz(TRY_CAST(regexp_extract(written(x), '^/Date\((-?\d{1,15})([+-]\d+)?\)/$', 1) AS BIGINT) * 1000);
CREATE MACRO odata_instant_problem(x) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN odata_instant(x) IS NULL THEN shown(x) || ' is not an OData instant such as /Date(1746172800000)/'
    ELSE untimely(odata_instant(x), x)
END;
-- The same wire form where the source means a date (SAP posting dates): the UTC calendar date, not converted.
CREATE MACRO odata_date(x) AS CAST(timezone('UTC', odata_instant(x)) AS DATE);
CREATE MACRO odata_date_problem(x) AS odata_instant_problem(x);

-- Serial numbers of spreadsheets (days since 1899-12-30, wall time): cells not formatted as a date arrive so. To the millisecond.
CREATE MACRO serial_of(x) AS TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(20, 12));
CREATE MACRO excel_wall(x) AS TIMESTAMP '1899-12-30' + to_milliseconds(CAST(round(serial_of(x) * 86400000) AS BIGINT));
CREATE MACRO excel_instant(x, zone) AS zoned(excel_wall(x), zone);
CREATE MACRO excel_instant_basis(x, zone) AS zoned_basis(excel_wall(x), zone);
CREATE MACRO excel_date(x) AS CAST(excel_wall(x) AS DATE);
CREATE MACRO excel_date_problem(x) AS CASE
    WHEN written(x) IS NULL THEN NULL
    WHEN coalesce(serial_of(x), 0) NOT BETWEEN 61 AND 2958465 THEN shown(x) || ' is not a spreadsheet date such as 46346.604166667'
END;
CREATE MACRO excel_instant_problem(x, zone) AS coalesce(excel_date_problem(x), zoned_problem(excel_wall(x), zone));

-- ISO duration since midnight 'PT23H59M59S' (OData Edm.Time) to seconds.
CREATE MACRO clock_seconds(x) AS CASE WHEN regexp_matches(written(x), '^PT(\d{1,4}H)?(\d{1,6}M)?(\d{1,8}(\.\d+)?S)?$') AND written(x) <> 'PT' THEN
      coalesce(TRY_CAST(nullif(regexp_extract(written(x), '(\d+)H', 1), '') AS BIGINT), 0) * 3600
    + coalesce(TRY_CAST(nullif(regexp_extract(written(x), '(\d+)M', 1), '') AS BIGINT), 0) * 60
    + coalesce(TRY_CAST(nullif(regexp_extract(written(x), '(\d+)(\.\d+)?S', 1), '') AS BIGINT), 0) END;
CREATE MACRO clock_seconds_problem(x) AS CASE
    WHEN written(x) IS NOT NULL AND clock_seconds(x) IS NULL THEN shown(x) || ' is not a time such as PT23H59M59S'
END;
-- A date and seconds after midnight of the plant's wall clock: SAP date + time pairs, Dynamics 55800.
CREATE MACRO seconds_wall(on_day, seconds) AS CAST(on_day AS TIMESTAMP) + to_seconds(TRY_CAST(seconds AS INTEGER));
CREATE MACRO seconds_instant(on_day, seconds, zone) AS zoned(seconds_wall(on_day, seconds), zone);
CREATE MACRO seconds_instant_problem(on_day, seconds, zone) AS CASE
    WHEN on_day IS NULL OR written(seconds) IS NULL THEN NULL
    WHEN coalesce(TRY_CAST(seconds AS INTEGER), -1) NOT BETWEEN 0 AND 86399 THEN shown(seconds) || ' seconds is not a time of day'
    ELSE zoned_problem(seconds_wall(on_day, seconds), zone)
END;
CREATE MACRO seconds_instant_basis(on_day, seconds, zone) AS zoned_basis(seconds_wall(on_day, seconds), zone);

-- '20261120143000' and '20261120' (SAP strings); all zeros means absent.
CREATE MACRO compact_wall(x) AS try_strptime(written(x), '%Y%m%d%H%M%S');
CREATE MACRO compact_instant(x, zone) AS zoned(compact_wall(x), zone);
CREATE MACRO compact_instant_problem(x, zone) AS CASE
    WHEN coalesce(written(x), '00000000000000') = '00000000000000' THEN NULL
    WHEN compact_wall(x) IS NULL OR NOT regexp_matches(written(x), '^\d{14}$') THEN shown(x) || ' is not an instant such as 20261120143000'
    ELSE zoned_problem(compact_wall(x), zone)
END;
CREATE MACRO compact_instant_basis(x, zone) AS zoned_basis(compact_wall(x), zone);
CREATE MACRO compact_date(x) AS CAST(try_strptime(written(x), '%Y%m%d') AS DATE);
CREATE MACRO compact_date_problem(x) AS CASE
    WHEN coalesce(written(x), '00000000') = '00000000' THEN NULL
    WHEN compact_date(x) IS NULL OR NOT regexp_matches(written(x), '^\d{8}$') THEN shown(x) || ' is not a date such as 20261120'
    ELSE untimely(CAST(compact_date(x) AS TIMESTAMPTZ), x)
END;

-- X12: date CCYYMMDD, time HHMM, HHMMSS or HHMMSSDD, and a time code; without a code, or with LT, wall time of `zone`.
-- Without a time there is no instant.
CREATE MACRO x12_zone(code, zone) AS CASE coalesce(written(code), 'LT') WHEN 'LT' THEN zone WHEN 'UT' THEN 'UTC' WHEN 'GM' THEN 'UTC'
    WHEN 'ET' THEN 'America/New_York' WHEN 'CT' THEN 'America/Chicago' WHEN 'MT' THEN 'America/Denver' WHEN 'PT' THEN 'America/Los_Angeles'
    WHEN 'ED' THEN 'Etc/GMT+4' WHEN 'ES' THEN 'Etc/GMT+5' WHEN 'CD' THEN 'Etc/GMT+5' WHEN 'CS' THEN 'Etc/GMT+6'
    WHEN 'MD' THEN 'Etc/GMT+6' WHEN 'MS' THEN 'Etc/GMT+7' WHEN 'PD' THEN 'Etc/GMT+7' WHEN 'PS' THEN 'Etc/GMT+8' END;
CREATE MACRO x12_wall(on_day, clock) AS compact_wall(written(on_day) || left(rpad(written(clock), 6, '0'), 6));
CREATE MACRO x12_instant(on_day, clock, code, zone) AS zoned(x12_wall(on_day, clock), x12_zone(code, zone));
CREATE MACRO x12_instant_problem(on_day, clock, code, zone) AS CASE
    WHEN written(on_day) IS NULL OR written(clock) IS NULL THEN NULL
    WHEN x12_wall(on_day, clock) IS NULL OR NOT regexp_matches(written(on_day) || ' ' || written(clock), '^\d{8} (\d{4}|\d{6}|\d{8})$')
        THEN shown(written(on_day) || ' ' || written(clock)) || ' is not a date and time such as 20261120 1430'
    WHEN x12_zone(code, 'UTC') IS NULL THEN shown(code) || ' is not a time code such as UT, ET or LT'
    ELSE zoned_problem(x12_wall(on_day, clock), x12_zone(code, zone))
END;
CREATE MACRO x12_instant_basis(on_day, clock, code, zone) AS zoned_basis(x12_wall(on_day, clock), x12_zone(code, zone));

-- What one of several segments says, a field such as N9 or REF as json: x12_said(N9, 'PO'). Of several with the qualifier a JSON list.
CREATE MACRO x12_said(x, qualifier) AS json_extract_string(x, '$."' || nullif(qualifier, '') || '"');

-- Pairs of qualifier and id: x12_id('LT', [LIN02, LIN04], [LIN03, LIN05]), NULL where the qualifier is none of them. The item of a
-- line is read by x12_item, which takes that for a problem.
CREATE MACRO x12_id(qualifier, qualifiers, ids) AS ids[list_position(qualifiers, qualifier)];
CREATE MACRO x12_item(qualifier, qualifiers, ids) AS x12_id(qualifier, qualifiers, ids);
CREATE MACRO x12_item_problem(qualifier, qualifiers, ids) AS CASE WHEN x12_id(qualifier, qualifiers, ids) IS NULL
    THEN 'there is no product id with the qualifier ' || shown(qualifier) || ', only with ' || shown(array_to_string(qualifiers, ', ')) END;

-- Tryton objects: {"__class__":"datetime",...} is naive UTC, {"__class__":"date",...} a calendar date, {"__class__":"Decimal","decimal":"12.5"} exact.
CREATE MACRO tryton_part(x, name) AS TRY(json_extract_string(CAST(x AS VARCHAR), '$.' || name));
CREATE MACRO tryton_day(x) AS concat_ws('-', tryton_part(x, 'year'), tryton_part(x, 'month'), tryton_part(x, 'day'));
CREATE MACRO tryton_instant(x) AS CASE WHEN tryton_part(x, '__class__') = 'datetime' THEN timezone('UTC', try_strptime(tryton_day(x) || ' '
    || concat_ws(':', tryton_part(x, 'hour'), tryton_part(x, 'minute'), tryton_part(x, 'second')), '%Y-%m-%d %H:%M:%S')
    + to_microseconds(coalesce(TRY_CAST(tryton_part(x, 'microsecond') AS BIGINT), 0))) END;
CREATE MACRO tryton_instant_problem(x) AS CASE
    WHEN x IS NOT NULL AND tryton_instant(x) IS NULL THEN left(CAST(x AS VARCHAR), 80) || ' is not a Tryton datetime object'
    ELSE untimely(tryton_instant(x), x)
END;
CREATE MACRO tryton_date(x) AS CASE WHEN tryton_part(x, '__class__') = 'date' THEN CAST(try_strptime(tryton_day(x), '%Y-%m-%d') AS DATE) END;
CREATE MACRO tryton_date_problem(x) AS CASE WHEN x IS NOT NULL AND tryton_date(x) IS NULL THEN left(CAST(x AS VARCHAR), 80) || ' is not a Tryton date object' END;
CREATE MACRO tryton_number(x) AS CASE WHEN tryton_part(x, '__class__') = 'Decimal' THEN tryton_part(x, 'decimal') ELSE CAST(x AS VARCHAR) END;
CREATE MACRO tryton_exact(x) AS exact(tryton_number(x));
CREATE MACRO tryton_exact_problem(x) AS exact_problem(tryton_number(x));

-- Names with _xHHHH_ escapes (Business Central): 'Positive_x0020_Adjmt_x002E_' -> 'Positive Adjmt.'. No text has NUL or half a pair.
CREATE MACRO unescaped(x) AS list_aggregate(list_transform(regexp_extract_all(CAST(x AS VARCHAR), '_x[0-9A-Fa-f]{4}_|[^_]+|_'),
    lambda part: CASE WHEN regexp_matches(part, '^_x[0-9A-Fa-f]{4}_$') AND NOT regexp_matches(lower(part), '^_x(0000|d[89ab]..|d[c-f]..)_$')
        THEN chr(CAST('0x' || part[3:6] AS INTEGER)) ELSE part END), 'string_agg', '');

-- Numbers that SAP pads with zeros, as people and other systems write them: '000001000123' -> '1000123'. Keys with letters stay.
CREATE MACRO unpadded(x) AS CASE WHEN regexp_matches(written(x), '^0+[1-9]\d*$') THEN ltrim(written(x), '0') ELSE written(x) END;

-- What an SAP movement type books: sap_movement('261', 'production'), given what kind of order it is for, if any. And whether goods come
-- by it where nothing else tells: sap_comes('101').
CREATE MACRO sap_movement(x, order_kind) AS CASE
    WHEN x IN ('101', '102') AND order_kind IS NOT NULL THEN 'fg_receipt'
    WHEN x IN ('101', '102', '103', '104', '105', '106') THEN 'receipt'
    WHEN x IN ('531', '532') THEN 'fg_receipt'
    WHEN x IN ('122', '123', '161', '162', '651', '652', '653', '654') THEN 'return'
    WHEN x IN ('551', '552', '553', '554', '555', '556') THEN 'scrap'
    WHEN x IN ('601', '602') THEN 'ship_confirm'
    WHEN x IN ('321', '322', '343', '344', '349', '350') THEN 'status_change'
    WHEN left(x, 1) = '2' THEN CASE WHEN order_kind = 'maintenance' THEN 'spare_issue' ELSE 'goods_issue' END
    WHEN x IN ('641', '642', '541', '542') OR left(x, 1) = '3' THEN 'transfer'
    ELSE 'adjust'
END;
CREATE MACRO sap_comes(x) AS x IN ('101', '105', '123', '262', '531', '552', '602', '651', '653', '701', '711');
-- What kind of order a number is of: sap_order(AUFNR, maintenance_orders), a pattern of the numbers of repairs as they are read.
CREATE MACRO sap_order(x, maintenance) AS CASE
    WHEN coalesce(x, '') = '' THEN NULL
    WHEN maintenance <> '' AND regexp_full_match(x, maintenance) THEN 'maintenance'
    ELSE 'production'
END;

-- Yes or no in the usual spellings: X, true, 1, Y, yes, J / empty, false, 0, N, no.
CREATE MACRO flag(x) AS CASE -- patterns, because lists of words take a hundred times as long to plan in a long CASE
    WHEN regexp_matches(CAST(x AS VARCHAR), '(?i)^ *(x|true|t|1|y|yes|j|ja) *$') THEN true
    WHEN coalesce(regexp_matches(CAST(x AS VARCHAR), '(?i)^ *(false|f|0|n|no|nein)? *$'), true) THEN false
END;
CREATE MACRO flag_problem(x) AS CASE WHEN flag(x) IS NULL THEN '''' || left(CAST(x AS VARCHAR), 60) || ''' is neither yes nor no' END;
