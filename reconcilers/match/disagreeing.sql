/*
stage:   disagreeing
grain:   one row per first-pass key, of those without twins, whose facts do not plainly agree; one more row counts those
         that do
reads:   compared
With `compared` this is all that sees every fact of a full run: one join, nothing kept of what agrees.
*/
SELECT
    CASE WHEN agrees THEN 0 ELSE coalesce(expected_no, -observed_no) END AS place,
    count(expected_no) AS expected_facts, count(observed_no) AS observed_facts,
    any_value(expected_no) AS expected_no, any_value(observed_no) AS observed_no
FROM ({compared})
GROUP BY place
