/*
stage:   lonely
grain:   one row per fact whose first key the other side does not have, that has twins, that no plain comparison sees, or
         that a reversal may set free
reads:   disagreeing, only_expected or only_observed, twin_expected or twin_observed
*/
SELECT '{side}' AS side, is_odd, {keys}
FROM only_{side}
WHERE is_odd
    OR fact_no IN (SELECT fact_no FROM twin_{side})
    OR fact_no IN (SELECT {side}_no FROM disagreeing WHERE expected_no IS NULL OR observed_no IS NULL)
