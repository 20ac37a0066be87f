-- signal:  event lag, p50 and p95, seconds
-- formula: posted - event over posted facts, and as-of - event over open due facts: stuck items must not flatter it
WITH posted AS (
    SELECT expected.plant, expected.event_at, epoch(min(coalesce(observed.recorded_at, observed.event_at))) - epoch(expected.event_at) AS lag_seconds,
        bool_or(observed.time_precision = 'day' OR expected.time_precision = 'day') AS only_dates
    FROM {member} AS mine
    JOIN business_event AS expected ON expected.fact_no = mine.fact_no
    JOIN {member} AS other ON other.match_no = mine.match_no AND other.side = 'observed'
    JOIN business_event AS observed ON observed.fact_no = other.fact_no
    WHERE mine.side = 'expected' AND expected.event_at >= $since AND expected.event_at <= $as_of
    GROUP BY expected.fact_no, expected.plant, expected.event_at
),
open_due AS (
    SELECT fact.plant, fact.event_at, epoch(CAST($as_of AS TIMESTAMPTZ)) - epoch(fact.event_at) AS lag_seconds, fact.time_precision = 'day' AS only_dates
    FROM {member} AS mine
    JOIN business_event AS fact ON fact.fact_no = mine.fact_no
    JOIN {finding} AS finding ON finding.subject = mine.subject AND finding.is_standing
    WHERE mine.side = 'expected' AND finding.code IN ('missing_posting', 'spare_part_unposted', 'transit_open', 'posting_failed') AND fact.event_at >= $since AND fact.event_at <= $as_of
)
SELECT $rule, $flow, plant, event_at, CASE WHEN NOT only_dates THEN greatest(lag_seconds, 0) END AS lag_seconds, lag_seconds IS NOT NULL AS is_posted
FROM posted
UNION ALL
SELECT $rule, $flow, plant, event_at, CASE WHEN NOT only_dates THEN lag_seconds END, false FROM open_due
