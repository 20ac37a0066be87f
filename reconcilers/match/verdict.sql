/*
stage:   verdict
grain:   one row per fact of either side
reads:   standing, undone, seat, coded, hint
*/
WITH explained AS (
    SELECT hint.fact_no, min(coded.subject) AS subject
    FROM hint JOIN coded ON coded.unit_no = hint.unit_no
    WHERE coded.code IN ('posting_failed', 'reversal_lost')
    GROUP BY hint.fact_no
),
taken_back AS (
    SELECT fact_no, min(match_no) AS match_no FROM undone GROUP BY fact_no
)
SELECT standing.side, standing.fact_no,
    CASE
        WHEN coded.code IS NOT NULL OR explained.subject IS NOT NULL THEN 'excepted'
        WHEN coded.unit_no IS NULL THEN 'excluded'
        WHEN coded.is_settled THEN 'matched'
        ELSE 'not_due'
    END AS verdict,
    CASE
        WHEN coded.unit_no IS NULL AND standing.standing = 'live' THEN 'nothing'
        WHEN coded.unit_no IS NULL THEN standing.standing
        WHEN coded.is_settled AND coded.is_late THEN 'late'
        WHEN coded.is_ambiguous THEN 'ambiguous'
    END AS reason,
    coded.pass,
    coalesce(coded.unit_no, taken_back.match_no, standing.fact_no) AS match_no,
    CASE WHEN coded.code IS NULL AND NOT coded.is_settled THEN greatest(coded.due_at, coded.revised_at) END AS check_at,
    CASE WHEN coded.code IS NOT NULL OR (coded.is_settled AND coded.is_late) THEN coded.subject ELSE explained.subject END AS subject
FROM standing
LEFT JOIN seat ON seat.fact_no = standing.fact_no
LEFT JOIN coded ON coded.unit_no = seat.unit_no
LEFT JOIN explained ON explained.fact_no = standing.fact_no
LEFT JOIN taken_back ON taken_back.fact_no = standing.fact_no
