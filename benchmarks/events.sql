-- Completions or postings number {from_n} to {to_n}, about 7 in 1,000 with a fault.
INSERT INTO business_event BY NAME
SELECT *, {key} AS key64, NULL AS superseded_at FROM (
    SELECT {first} + n AS fact_no, '{source}' AS source, 'events' AS feed, '{source}-' || (n * 10 + copy) AS source_key,
        '#1' AS source_revision, 0 AS revision_rank, false AS is_deleted, posted_at AS observed_at,
        '{source}/events/1/000001.page.zst#' || n AS raw_ref, md5(n || '{source}') AS record_hash, '1' AS pull_id,
        'op_complete' AS kind, 'posted' AS state, false AS is_reversal, happened_at AS occurred_at, posted_at AS recorded_at,
        CAST({day} AS DATE) AS posting_on, 'second' AS time_precision, 'utc' AS time_basis, CAST(happened_at AS DATE) AS occurred_on,
        happened_at AS event_at, CASE WHEN n % 3 = 0 THEN 'P2' ELSE 'P1' END AS plant, 'FG-' || (n % 500) AS item,
        'L' || (n // 40) AS lot, quantity, unit, quantity AS quantity_source, unit AS unit_source,
        'production' AS order_kind, CAST(n // 7 AS VARCHAR) AS order_no, CAST(n % 7 AS VARCHAR) AS op_no,
        md5('c' || n) AS correlation_id
    FROM (
        SELECT *, {moved} AS happened_at, {posted} AS posted_at,
            CAST(({made}) AS DECIMAL(38, 9)) AS quantity, {unit} AS unit
        FROM (SELECT n, copy, TIMESTAMPTZ '2026-11-01 00:00:00+00' + to_seconds(n) AS began
              FROM (SELECT range AS n FROM range({from_n}, {to_n})), (SELECT range AS copy FROM range(2))
              WHERE {kept})
    )
)
