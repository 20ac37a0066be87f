/*
stage:   seat (whole)
grain:   one row per fact of a key that is one business fact as a whole
reads:   bout
*/
SELECT fact_no, side, bout_no AS unit_no, is_crowded AS is_ambiguous
FROM bout
WHERE {whole}
