/*
stage:   ends
grain:   one row per source whose stock can be rolled: where the roll begins and where it ends
reads:   opening_snapshots, closing_snapshots, movements
What several lists tell has no one beginning, and who tells no movements cannot be rolled.
*/
SELECT closing.source, min(opening.balance_at) AS opened_at, min(opening.observed_at) AS opening_seen_at,
    min(closing.balance_at) AS closed_at, min(closing.observed_at) AS closing_seen_at
FROM closing_snapshots AS closing
JOIN {opening} AS opening ON opening.source = closing.source AND opening.feed = closing.feed
WHERE {is_rolled} AND closing.source IN (SELECT source FROM movements)
GROUP BY closing.source
HAVING count(*) = 1
