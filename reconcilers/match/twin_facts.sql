/*
stage:   twin facts
grain:   one row per plain fact of a side whose first-pass key has twins, on either side
reads:   twin, expected or observed
*/
SELECT fact_no, {by} FROM {side} SEMI JOIN twin USING ({by}) WHERE {plain}
