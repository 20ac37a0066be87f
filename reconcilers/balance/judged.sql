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
),
weighed AS (
    SELECT level.*, coalesce(moved.waiting, 0) AS waiting, moved.waiting_until, moved.due_at, moved.occurred_at,
        {total_differs} AS total_differs
    FROM level
    LEFT JOIN moved ON {same_moved}
),
off AS (
    SELECT weighed.*, rest.unexplained,
        NOT is_mixed AND abs(weighed.variance - waiting) <= weighed.tolerance AS only_waiting
    FROM weighed
    LEFT JOIN rest ON rest.key_no = weighed.key_no
    WHERE is_mixed OR abs(weighed.variance) > weighed.tolerance
)
SELECT off.*, NOT only_waiting AND NOT total_differs AS is_told,
    (SELECT max(common_at) FROM instant) AS common_at, (SELECT min(balance_at) FROM instant) AS oldest_at,
    {subject} AS subject
FROM off
