/*
stage:   other
grain:   one row per movement that has no counterpart kind on the other side
reads:   booked, paired, taken_back, instant, off_item, level
What was booked and is taken back is no movement any more; one side may carry it all the same.
*/
WITH alone AS (
    SELECT booked.fact_no, {grain_of_booked}, CASE WHEN booked.side = 'observed' THEN booked.quantity ELSE -booked.quantity END AS quantity, booked.event_at
    FROM booked
    JOIN level ON {in_unit_of_level}
    WHERE booked.fact_no NOT IN (SELECT fact_no FROM paired) AND booked.booked_at <= (SELECT max(common_at) FROM instant)
        AND booked.item IN (SELECT item FROM off_item)
),
open_at AS (
    SELECT {grain} FROM alone GROUP BY {grain} HAVING sum(quantity) <> 0
)
SELECT -alone.fact_no AS unit_no, CASE WHEN alone.fact_no IN (SELECT fact_no FROM taken_back) THEN 'reversal' ELSE 'adjustment' END AS cause, alone.fact_no, alone.event_at AS due_at, alone.event_at AS expected_at, {grain_of_alone}, alone.quantity
FROM alone JOIN open_at ON {same_open}
