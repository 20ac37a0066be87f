/*
stage:   stray
grain:   one row per source, plant and key that came in facts and that no record of the plant has, or had
reads:   standing, record_records, record_withdrawn
Of a plant for which nobody tells a record nothing is known.
*/
WITH came AS (
    SELECT source, plant, thing, min(event_at) AS first_at, arg_min(fact_no, (event_at, fact_no)) AS fact_no
    FROM standing
    GROUP BY source, plant, thing
),
record AS (
    SELECT plant, thing FROM record_records
    UNION
    SELECT plant, thing FROM record_withdrawn
)
SELECT {subject} AS subject, came.*, came.first_at + {due} AS due_at
FROM came
WHERE came.plant IN (SELECT plant FROM record)
    AND NOT EXISTS (FROM record WHERE record.plant = came.plant AND record.thing = came.thing)
    AND came.first_at + {due} <= $horizon
