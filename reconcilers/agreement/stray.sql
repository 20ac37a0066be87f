/*
stage:   stray
grain:   one row per source, plant and key that came in facts and that no record of the plant has
reads:   facts, record_records
Of a plant for which nobody tells a record nothing is known.
*/
WITH came AS (
    SELECT source, plant, {key} AS thing, min(event_at) AS first_at, arg_min(fact_no, (event_at, fact_no)) AS fact_no
    FROM facts
    WHERE plant IS NOT NULL AND {key} IS NOT NULL AND event_at IS NOT NULL
    GROUP BY source, plant, {key}
)
SELECT {subject} AS subject, came.*, came.first_at + {due} AS due_at
FROM came
WHERE came.plant IN (SELECT plant FROM record_records)
    AND NOT EXISTS (FROM record_records AS record WHERE record.plant = came.plant AND record.thing = came.thing)
    AND came.first_at + {due} <= $horizon
