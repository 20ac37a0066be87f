/*
stage:   unit
grain:   one row per business fact: what is expected of it beside what is observed
reads:   standing, seat
*/
SELECT
    seat.unit_no,
    max(seat.pass) AS pass,
    max(CASE WHEN seat.is_ambiguous THEN 1 ELSE 0 END) = 1 AS is_ambiguous,
    greatest(sum(CASE WHEN fact.side = 'expected' THEN 1 ELSE 0 END), sum(CASE WHEN fact.side = 'observed' THEN 1 ELSE 0 END)) > {at_most} AS is_crowded,
    min(fact.turn) AS turn,
    sum(CASE WHEN fact.side = 'expected' THEN 1 ELSE 0 END) AS expected_count,
    sum(CASE WHEN fact.side = 'observed' THEN 1 ELSE 0 END) AS observed_count,
    sum(CASE WHEN fact.side = 'expected' THEN fact.quantity END) AS quantity_expected,
    sum(CASE WHEN fact.side = 'observed' THEN fact.quantity END) AS quantity_observed,
    arg_min(fact.fact_no, CASE WHEN fact.side = 'expected' THEN fact.turn ELSE fact.turn + 1000000000000 END) AS lead_no,
    max(fact.item) AS item,
    coalesce(max(CASE WHEN fact.side = 'expected' THEN fact.unit END), max(fact.unit)) AS unit,
    count(DISTINCT fact.unit) AS units,
    min(CASE WHEN fact.side = 'expected' THEN fact.event_at END) AS expected_at,
    min(CASE WHEN fact.side = 'observed' THEN fact.event_at END) AS observed_at,
    max(CASE WHEN fact.side = 'expected' THEN fact.due_at END) AS expected_due_at,
    max(CASE WHEN fact.side = 'observed' THEN fact.due_at END) AS observed_due_at,
    max(CASE WHEN fact.side = 'observed' THEN fact.posted_at END) AS posted_at,
    make_timestamptz(max(CASE WHEN fact.revision_rank < {not_a_time} THEN fact.revision_rank END)) AS revised_at,
    max({step}) AS step{differences}
FROM seat
JOIN standing AS fact ON fact.fact_no = seat.fact_no
GROUP BY seat.unit_no
