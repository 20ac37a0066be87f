/*
stage:   part (keys)
grain:   one row per fact that came with a key of a finding, of each the first hundred
reads:   stray, facts
A source that writes all its keys otherwise brings as many facts as it tells; a hundred show what they are.
*/
SELECT stray.subject, 'expected' AS role, 'business_event' AS of_table, facts.fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM stray
JOIN facts ON facts.source = stray.source AND facts.plant = stray.plant AND facts.{key} = stray.thing AND facts.event_at IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY stray.subject ORDER BY facts.event_at, facts.fact_no) <= 100
