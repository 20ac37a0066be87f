/*
stage:   verdict
grain:   one row per line of the newest snapshots
reads:   stock, apart, below, doubled, ends, movements
*/
SELECT 'stock' AS side, stock.fact_no,
    CASE
        WHEN apart.subject IS NOT NULL OR below.is_told OR doubled.subject IS NOT NULL THEN 'excepted'
        WHEN below.subject IS NOT NULL THEN 'not_due'
        WHEN ends.source IS NOT NULL THEN 'matched'
        WHEN stock.source NOT IN (SELECT source FROM movements) THEN 'excluded'
        WHEN {is_whole} THEN 'not_due'
        ELSE 'unknown'
    END AS verdict,
    CASE
        WHEN apart.subject IS NOT NULL OR below.subject IS NOT NULL OR doubled.subject IS NOT NULL OR ends.source IS NOT NULL THEN NULL
        WHEN stock.source NOT IN (SELECT source FROM movements) THEN 'its system tells no movements'
        WHEN NOT {is_whole} THEN 'movements are not told from the beginning'
    END AS reason,
    1 AS pass, stock.fact_no AS match_no,
    CASE WHEN apart.subject IS NULL AND doubled.subject IS NULL AND NOT below.is_told THEN below.due_at END AS check_at,
    coalesce(apart.subject, CASE WHEN below.is_told THEN below.subject END, doubled.subject) AS subject
FROM stock
LEFT JOIN apart ON {same_apart}
LEFT JOIN below ON {same_below} AND stock.quantity < 0
LEFT JOIN doubled ON doubled.fact_no = stock.fact_no
LEFT JOIN ends ON ends.source = stock.source
