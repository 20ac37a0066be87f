/*
stage:   rest
grain:   one row per key of an item that is off: what its movements leave unexplained
reads:   level, share
*/
SELECT level.key_no, {grain_of_level}, level.unit, level.variance, level.tolerance,
    CAST(level.variance - coalesce(sum(share.quantity), 0) AS DECIMAL(38, 9)) AS unexplained
FROM level
LEFT JOIN share ON {same_share}
WHERE level.item IN (SELECT item FROM off_item)
GROUP BY level.key_no, {grain_of_level}, level.unit, level.variance, level.tolerance
