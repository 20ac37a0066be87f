/*
stage:   seeds
grain:   one row per fact of a side that disagrees, has twins, or that no plain comparison sees
reads:   disagreeing, twin_expected or twin_observed, odd_expected or odd_observed, expected or observed
*/
SELECT {columns}, fact_no IN (SELECT fact_no FROM odd_{side}) AS is_odd, false AS is_drawn
FROM {side}
WHERE fact_no IN (
    SELECT {side}_no FROM disagreeing WHERE place <> 0 AND {side}_no IS NOT NULL
    UNION ALL
    SELECT fact_no FROM twin_{side}
    UNION ALL
    SELECT fact_no FROM odd_{side}
)
