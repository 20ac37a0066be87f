/*
stage:   judged
grain:   one row per key that is off: its variance and what is left of it once every cause is taken away; or not compared
reads:   level, rest, share
*/
WITH moved AS (
    SELECT {grain}, sum(CASE WHEN cause = 'not_due' THEN quantity ELSE 0 END) AS waiting,
        max(CASE WHEN cause = 'not_due' THEN due_at END) AS waiting_until,
        min(due_at) FILTER (WHERE cause <> 'not_due') AS due_at, min(expected_at) AS occurred_at
    FROM share GROUP BY {grain}
)
SELECT level.*, rest.unexplained,
    coalesce(moved.waiting, 0) AS waiting, moved.waiting_until, moved.due_at, moved.occurred_at,
    NOT level.is_mixed AND abs(level.variance - coalesce(moved.waiting, 0)) <= level.tolerance AS only_waiting,
    (SELECT max(common_at) FROM instant) AS common_at, (SELECT min(balance_at) FROM instant) AS oldest_at,
    {subject} AS subject
FROM level
LEFT JOIN rest ON rest.key_no = level.key_no
LEFT JOIN moved ON {same_moved}
WHERE level.is_mixed OR abs(level.variance) > level.tolerance
