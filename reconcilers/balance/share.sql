/*
stage:   share
grain:   one row per movement of a business fact that the two balances do not carry alike, and key it belongs to
reads:   coded, seat, standing, booked, instant, level
Every movement booked by the instant of comparison counts: + on the observed side, - on the expected one. What nets to
nothing at a key explains nothing there, nor does what is booked in another unit than the key is held in.
*/
WITH member AS (
    SELECT coded.unit_no, coded.due_at, coded.expected_at, standing.fact_no, standing.side,
        CASE
            WHEN coded.is_settled THEN 'cutoff'
            WHEN coded.code IS NULL THEN 'not_due'
            WHEN coded.code = 'missing_posting' AND carried.unit_no IS NOT NULL THEN 'queued'
            WHEN coded.code = 'posting_failed' THEN 'failed'
            WHEN coded.code = 'missing_posting' THEN 'missing'
            WHEN coded.code = 'orphan_posting' THEN 'orphan'
            WHEN coded.code = 'reversal_lost' THEN 'reversal'
            WHEN coded.code = 'duplicate_posting' THEN 'duplicate'
            WHEN coded.code = 'unit_mismatch' THEN 'unit'
            WHEN coded.code = 'quantity_variance' THEN 'quantity'
            WHEN coded.code = 'attribute_mismatch' THEN {differing}
            ELSE 'cutoff'
        END AS cause
    FROM coded
    JOIN seat ON seat.unit_no = coded.unit_no
    JOIN standing ON standing.fact_no = seat.fact_no
    LEFT JOIN (SELECT DISTINCT seat.unit_no FROM seat JOIN carrier_of ON carrier_of.fact_no = seat.fact_no) AS carried ON carried.unit_no = coded.unit_no
),
signed AS (
    SELECT member.unit_no, member.cause, member.fact_no, member.due_at, member.expected_at, {grain_of_booked},
        CASE WHEN booked.side = 'observed' THEN booked.quantity ELSE -booked.quantity END AS quantity
    FROM member
    JOIN booked ON booked.fact_no = member.fact_no
    JOIN level ON {in_unit_of_level}
    WHERE booked.booked_at <= (SELECT max(common_at) FROM instant)
),
open_at AS (
    SELECT unit_no, {grain} FROM signed GROUP BY unit_no, {grain} HAVING sum(quantity) <> 0
)
SELECT signed.* FROM signed
JOIN open_at ON open_at.unit_no = signed.unit_no AND {same_open}
