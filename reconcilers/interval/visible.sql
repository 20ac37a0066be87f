/*
stage:   visible
grain:   one row per decision now in force and source of stock that does not show it
reads:   spell, stock
*/
WITH told AS (
    SELECT stock.*,
        CASE stock_status
            WHEN 'inspect' THEN 'stock in inspection'
            WHEN 'returns' THEN 'returned stock'
            WHEN 'transit' THEN 'stock in transit'
            WHEN 'wip' THEN 'work in progress'
            ELSE stock_status || ' stock'
        END || coalesce(' in ' || location, '') AS shown
    FROM stock
)
SELECT spell.fact_no AS decision_no, min(stock.fact_no) AS other_no, 'stock_balance' AS of_table,
    CASE WHEN spell.bearing = 'hold' THEN 'hold_not_propagated' ELSE 'release_not_propagated' END AS wrong,
    'lot/' || replace(replace(stock.source, '~', '~0'), '/', '~1') || '/' || {subject} AS subject,
    coalesce(max(stock.plant), max(spell.plant)) AS plant, max(stock.item) AS item, sum(stock.quantity) AS quantity, max(stock.unit) AS unit,
    spell.starts_at AS occurred_at,
    spell.starts_at + CASE WHEN spell.bearing = 'hold' THEN {due} ELSE {release_due} END AS due_at,
    max(stock.balance_at) AS seen_at,
    string_agg(DISTINCT stock.shown, ', ' ORDER BY stock.shown) AS note
FROM spell
JOIN told AS stock ON {same_stock}
WHERE spell.starts_at <= $as_of AND (spell.ends_at IS NULL OR spell.ends_at > $as_of) AND stock.quantity > 0
    AND coalesce(stock.item = spell.decided_item, true)
    AND ((spell.bearing = 'hold' AND stock.stock_status NOT IN ({blocked})) OR (spell.bearing = 'release' AND stock.stock_status IN ({blocked})))
    AND (spell.bearing = 'hold' OR {release_due} IS NOT NULL)
GROUP BY spell.fact_no, spell.bearing, spell.starts_at, stock.source, {subject}
