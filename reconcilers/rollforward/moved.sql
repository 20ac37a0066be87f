/*
stage:   moved
grain:   one row per movement that changes stock between the two ends, or may do so
reads:   movements, business_event, ends
A list knows a movement as it was told when the list was made: one corrected since counts with what it said then. What was booked
near an end may be in its snapshot or not. So may what is dated before it and was not yet told: by its change stamp, or where it has
neither stamp nor time of entry and is of the day before, by when we saw it.
*/
WITH own AS (
    SELECT movements.*, ends.opened_at, ends.opening_seen_at, ends.closed_at, ends.closing_seen_at,
        coalesce(movements.recorded_at, movements.event_at) AS booked_at, {changed_at_of_movement} AS changed_at
    FROM movements
    JOIN ends ON ends.source = movements.source
),
within AS (
    SELECT own.* FROM own
    WHERE opened_at IS NULL OR booked_at > opened_at - INTERVAL 1 DAY OR changed_at > opened_at
),
told AS (
    SELECT fact_no, fact_no AS revision_no, changed_at, booked_at, CASE WHEN state = 'posted' THEN coalesce(quantity, 0) ELSE 0 END AS quantity, opened_at, closed_at
    FROM within
    UNION ALL
    SELECT within.fact_no, old.fact_no, {changed_at_of_old}, coalesce(old.recorded_at, old.event_at),
        CASE WHEN old.state = 'posted' THEN coalesce(old.quantity, 0) ELSE 0 END, within.opened_at, within.closed_at
    FROM within
    JOIN business_event AS old ON old.source = within.source AND old.feed = within.feed AND old.source_key = within.source_key
    WHERE within.changed_at > coalesce(within.opened_at, within.closed_at) AND old.fact_no < within.fact_no AND NOT old.is_deleted
),
standing AS (
    SELECT fact_no,
        arg_max(CASE WHEN booked_at <= opened_at THEN quantity ELSE 0 END, (changed_at, revision_no)) FILTER (WHERE changed_at <= opened_at) AS then_opening,
        arg_min(CASE WHEN booked_at <= opened_at THEN quantity ELSE 0 END, (changed_at, revision_no)) AS first_opening,
        arg_max(CASE WHEN booked_at <= closed_at THEN quantity ELSE 0 END, (changed_at, revision_no)) FILTER (WHERE changed_at <= closed_at) AS then_closing,
        arg_min(CASE WHEN booked_at <= closed_at THEN quantity ELSE 0 END, (changed_at, revision_no)) AS first_closing
    FROM told GROUP BY fact_no
),
placed AS (
    SELECT within.*,
        coalesce(then_closing, first_closing) - coalesce(then_opening, first_opening) AS between_ends,
        (then_opening IS NULL AND first_opening <> 0) OR coalesce(abs(epoch(booked_at) - epoch(opened_at)) <= epoch({blur}), false)
            OR coalesce(recorded_at IS NULL AND booked_at <= opened_at AND booked_at > opened_at - INTERVAL 1 DAY
                AND (time_precision = 'day' OR (revision_rank = 0 AND observed_at > opening_seen_at)), false) AS is_at_opening,
        (then_closing IS NULL AND first_closing <> 0)
            OR coalesce(recorded_at IS NULL AND booked_at <= closed_at AND booked_at > closed_at - INTERVAL 1 DAY
                AND (time_precision = 'day' OR (revision_rank = 0 AND observed_at > closing_seen_at)), false) AS is_late,
        abs(epoch(booked_at) - epoch(closed_at)) <= epoch({blur}) OR (booked_at <= closed_at AND abs(epoch(changed_at) - epoch(closed_at)) <= epoch({blur})) AS is_near
    FROM within
    JOIN standing ON standing.fact_no = within.fact_no
)
SELECT fact_no, source, source_key, {grain}, CAST(CASE WHEN between_ends <> 0 THEN between_ends ELSE quantity END AS DECIMAL(38, 9)) AS quantity, unit, booked_at,
    between_ends <> 0 AS is_within, is_at_opening, (is_near OR is_late) AND NOT is_at_opening AS is_at_closing, is_late
FROM placed
WHERE between_ends <> 0 OR (state = 'posted' AND quantity <> 0 AND (is_at_opening OR is_near OR is_late))
