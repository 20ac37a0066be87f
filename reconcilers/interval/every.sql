/*
stage:   every
grain:   one row per stop or order: each binds something
reads:   stops or orders
*/
SELECT fact_no FROM {side}
