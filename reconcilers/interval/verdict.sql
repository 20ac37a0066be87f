/*
stage:   verdict
grain:   one row per decision
reads:   holds, spell, offence
*/
WITH worst AS (
    SELECT decision_no, max(CASE WHEN due_at <= $horizon AND seen_at >= due_at THEN 1 ELSE 0 END) AS is_off,
        min(CASE WHEN due_at <= $horizon AND seen_at >= due_at THEN subject END) AS subject, min(due_at) AS due_at
    FROM offence GROUP BY decision_no
)
SELECT 'holds' AS side, holds.fact_no,
    CASE
        WHEN spell.fact_no IS NULL THEN 'excluded'
        WHEN worst.is_off = 1 THEN 'excepted'
        WHEN worst.is_off = 0 THEN 'not_due'
        ELSE 'matched'
    END AS verdict,
    CASE WHEN spell.fact_no IS NULL THEN 'binds no lot' END AS reason,
    1 AS pass, holds.fact_no AS match_no,
    CASE WHEN worst.is_off = 0 THEN worst.due_at END AS check_at,
    CASE WHEN worst.is_off = 1 THEN worst.subject END AS subject
FROM holds
LEFT JOIN (SELECT DISTINCT fact_no FROM spell) AS spell ON spell.fact_no = holds.fact_no
LEFT JOIN worst ON worst.decision_no = holds.fact_no
