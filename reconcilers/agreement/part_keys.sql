/*
stage:   part (keys)
grain:   one row per fact that came with a key of a finding, of each the first hundred
reads:   stray, standing
A source that writes all its keys otherwise brings as many facts as it tells; a hundred show what they are.
*/
SELECT stray.subject, 'expected' AS role, 'business_event' AS of_table, standing.fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM stray
JOIN standing ON standing.source = stray.source AND standing.plant = stray.plant AND standing.thing = stray.thing
QUALIFY row_number() OVER (PARTITION BY stray.subject ORDER BY standing.event_at, standing.fact_no) <= 100
