/*
stage:   measure
grain:   one row per fact of a side, with what is measured of it as its quantity
reads:   expected or observed
*/
SELECT * REPLACE ({measure} AS quantity, 'min' AS unit) FROM {side}
