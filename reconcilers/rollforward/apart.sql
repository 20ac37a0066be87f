/*
stage:   apart
grain:   one row per key that is not what its movements make it, however one reads those booked near an end; or not compared
reads:   level, moved, ends
A snapshot sees movements in the order they were entered: of those near its instant it has the first few.
*/
WITH off AS (
    SELECT level.*, coalesce(level.unit <> level.other_unit, false) AS is_mixed
    FROM level
    WHERE abs(level.variance) > $tolerance OR level.unit <> level.other_unit
),
own AS (
    SELECT off.key_no, off.variance, moved.fact_no, moved.source_key, moved.quantity, moved.booked_at, moved.is_within, moved.is_at_opening, moved.is_at_closing, moved.is_late
    FROM off
    JOIN moved ON {same_moved_off}
),
bare AS (
    SELECT off.key_no, off.variance + coalesce(sum(CASE WHEN own.is_within AND (own.is_at_opening OR own.is_at_closing) THEN own.quantity END), 0) AS variance
    FROM off
    LEFT JOIN own ON own.key_no = off.key_no
    GROUP BY off.key_no, off.variance
),
since_opening AS (
    SELECT key_no, 0 AS quantity FROM off
    UNION ALL
    SELECT key_no, sum(quantity) OVER (PARTITION BY key_no ORDER BY booked_at DESC, fact_no DESC ROWS UNBOUNDED PRECEDING) FROM own WHERE is_at_opening
),
by_closing AS (
    SELECT key_no, 0 AS quantity FROM off
    UNION ALL
    SELECT key_no, sum(quantity) OVER (PARTITION BY key_no ORDER BY is_late, booked_at, fact_no ROWS UNBOUNDED PRECEDING) FROM own WHERE is_at_closing
),
agreeing AS (
    SELECT DISTINCT bare.key_no
    FROM bare
    JOIN since_opening ON since_opening.key_no = bare.key_no
    JOIN by_closing ON by_closing.key_no = bare.key_no
    WHERE abs(bare.variance - since_opening.quantity - by_closing.quantity) <= $tolerance
),
suspect AS (
    SELECT key_no,
        count(CASE WHEN quantity = -variance THEN 1 END) AS unheard, max(CASE WHEN quantity = -variance THEN source_key END) AS unheard_key,
        max(CASE WHEN quantity = -variance THEN booked_at END) AS unheard_at,
        count(CASE WHEN quantity = variance THEN 1 END) AS twice, max(CASE WHEN quantity = variance THEN source_key END) AS twice_key,
        max(CASE WHEN quantity = variance THEN booked_at END) AS twice_at
    FROM own WHERE is_within GROUP BY key_no
)
SELECT off.key_no, {key_of_off}, off.had, off.came, off.held, off.variance, off.unit, off.other_unit, off.is_mixed, off.lead_no,
    CASE WHEN unheard = 1 THEN unheard_at WHEN twice = 1 AND unheard = 0 THEN twice_at ELSE ends.closed_at END AS occurred_at,
    CASE WHEN unheard = 1 THEN 'As if ' || unheard_key || ' were not in the stock' WHEN twice = 1 AND unheard = 0 THEN 'As if ' || twice_key || ' were in the stock twice' END AS note,
    {subject} AS subject
FROM off
JOIN ends ON ends.source = off.source
LEFT JOIN suspect ON suspect.key_no = off.key_no
WHERE off.is_mixed OR off.key_no NOT IN (SELECT key_no FROM agreeing)
