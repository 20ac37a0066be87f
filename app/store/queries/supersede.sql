-- A revision is current while no revision with a higher (rank, number) is known: [observed_at, superseded_at).
UPDATE {table} SET superseded_at = news.superseded_at
FROM (
    SELECT fact_no, observed_at, min(later_observed_at) AS superseded_at
    FROM (
        SELECT mine.fact_no, mine.observed_at, greatest(mine.observed_at, other.observed_at) AS later_observed_at
        FROM {table} AS mine
        JOIN {table} AS other
            ON other.key64 = mine.key64 AND other.source = mine.source
            AND other.feed = mine.feed AND other.source_key = mine.source_key
            AND (other.revision_rank, other.fact_no) > (mine.revision_rank, mine.fact_no)
        WHERE mine.key64 IN (SELECT key64 FROM {arriving}) AND other.key64 IN (SELECT key64 FROM {arriving})
    )
    GROUP BY fact_no, observed_at
) AS news
WHERE {table}.fact_no = news.fact_no AND {table}.superseded_at IS DISTINCT FROM news.superseded_at
