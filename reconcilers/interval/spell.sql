/*
stage:   spell
grain:   one row per time a decision binds its lot: held until its own end, else until the next release; released, by a
         decision or by the end of a hold, until the lot is held again
reads:   holds
One hold does not end another. Where both name an item, it has to be the same.
*/
WITH decision AS (
    SELECT fact_no, {by}, plant, item, effective_at, ended_at, kind IN ({hold_kinds}) AS is_hold
    FROM holds
    WHERE effective_at IS NOT NULL AND {known} AND (kind IN ({hold_kinds}) OR kind IN ({release_kinds}))
),
held AS (
    SELECT hold.fact_no, {by_hold}, hold.plant, hold.item, hold.effective_at AS starts_at, hold.ended_at,
        coalesce(hold.ended_at, min(release.effective_at)) AS ends_at
    FROM decision AS hold
    LEFT JOIN decision AS release ON {same_release} AND NOT release.is_hold AND release.effective_at > hold.effective_at
        AND coalesce(release.item = hold.item, true)
    WHERE hold.is_hold
    GROUP BY hold.fact_no, {by_hold}, hold.plant, hold.item, hold.effective_at, hold.ended_at
),
freed AS (
    SELECT fact_no, {by}, plant, item, effective_at AS starts_at FROM decision WHERE NOT is_hold
    UNION ALL
    SELECT fact_no, {by}, plant, item, ended_at FROM held WHERE ended_at IS NOT NULL
)
SELECT fact_no, {by}, plant, item AS decided_item, starts_at, ends_at, 'hold' AS bearing FROM held
UNION ALL
SELECT freed.fact_no, {by_freed}, freed.plant, freed.item, freed.starts_at,
    min(CASE WHEN held.fact_no IS NOT NULL THEN greatest(held.starts_at, freed.starts_at) END), 'release'
FROM freed
LEFT JOIN held ON {same_freed} AND (held.ends_at IS NULL OR held.ends_at > freed.starts_at)
    AND coalesce(held.item = freed.item, true)
GROUP BY freed.fact_no, {by_freed}, freed.plant, freed.item, freed.starts_at
