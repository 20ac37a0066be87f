/*
stage:   part (keys)
grain:   one row per fact that came with a key of a finding
reads:   stray, facts
*/
SELECT stray.subject, 'expected' AS role, 'business_event' AS of_table, facts.fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity
FROM stray
JOIN facts ON facts.source = stray.source AND facts.plant = stray.plant AND facts.{key} = stray.thing
