/*
stage:   fact
grain:   one row per fact of either side
reads:   expected, observed
*/
SELECT 'expected' AS side, {columns}, {expected_due} AS due_at, {expected_period} AS period, event_at AS posted_at
FROM expected {expected_joins}
UNION ALL
SELECT 'observed' AS side, {columns}, {observed_due} AS due_at, {observed_period} AS period, coalesce({late_clock}, event_at) AS posted_at
FROM observed {observed_joins}
