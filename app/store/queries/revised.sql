-- Incoming records that say something else than the newest revision held or the record before them, numbered as revisions.
-- What was found gone is news when it is there again, but kept pages mapped again bring neither that back nor an older page.
WITH told AS (
    SELECT
        asked.key64, asked.arrival, incoming.*,
        coalesce(source_revision, '') AS base,
        coalesce(epoch_us(revised_at), 0) AS revision_rank
    FROM asked POSITIONAL JOIN incoming
),
ordered AS (
    SELECT
        *,
        lag(record_hash) OVER (PARTITION BY source_key, base ORDER BY revision_rank, arrival) AS hash_before
    FROM told
),
held AS (
    SELECT
        source_key, regexp_replace(source_revision, '#[0-9]+$', '') AS base, count(*) AS revisions,
        arg_max(record_hash, fact_no) AS record_hash
    FROM {table}
    WHERE key64 IN (SELECT key64 FROM asked) AND source = $source AND feed = $feed
    GROUP BY ALL
),
current AS (
    SELECT
        source_key, max(revision_rank) AS rank, max(split_part(raw_ref, '#', 1)) AS page,
        bool_or(is_deleted AND contains(source_revision, '/deleted ')) AS is_gone,
        bool_or(contains(pull_id, $replay)) AS by_replay
    FROM {table}
    WHERE key64 IN (SELECT key64 FROM asked) AND source = $source AND feed = $feed AND superseded_at IS NULL
    GROUP BY source_key
),
changed AS (
    SELECT
        ordered.* REPLACE (
            CASE WHEN current.is_gone THEN greatest(ordered.revision_rank, current.rank) ELSE ordered.revision_rank END
            AS revision_rank
        ),
        coalesce(held.revisions, 0) AS revisions
    FROM ordered
    LEFT JOIN held USING (source_key, base)
    LEFT JOIN current USING (source_key)
    WHERE CASE
        WHEN $is_replay AND current.page > split_part(ordered.raw_ref, '#', 1) THEN false
        WHEN $is_replay AND current.is_gone AND NOT current.by_replay THEN false
        WHEN current.is_gone AND NOT ordered.is_deleted THEN ordered.record_hash IS DISTINCT FROM ordered.hash_before
        ELSE ordered.record_hash IS DISTINCT FROM coalesce(ordered.hash_before, held.record_hash)
    END
),
numbered AS (
    SELECT
        *,
        revisions + row_number() OVER (PARTITION BY source_key, base ORDER BY revision_rank, arrival) AS turn
    FROM changed
)
SELECT * EXCLUDE (hash_before, revisions, turn, base, revised_at, arrival)
    REPLACE (CASE WHEN turn = 1 AND base <> '' THEN base ELSE base || '#' || turn END AS source_revision)
FROM numbered
ORDER BY arrival
