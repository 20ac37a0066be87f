/*
stage:   verdict
grain:   one row per decision, stop or order
reads:   holds, stops or orders; binding, offence
*/
WITH worst AS (
    SELECT decision_no, max(CASE WHEN due_at <= $horizon AND seen_at >= due_at THEN 1 ELSE 0 END) AS is_off,
        min(CASE WHEN due_at <= $horizon AND seen_at >= due_at THEN subject END) AS subject, min(due_at) AS due_at
    FROM offence GROUP BY decision_no
)
SELECT '{side}' AS side, {side}.fact_no,
    CASE
        WHEN binding.fact_no IS NULL THEN 'excluded'
        WHEN worst.is_off = 1 THEN 'excepted'
        WHEN worst.is_off = 0 THEN 'not_due'
        ELSE 'matched'
    END AS verdict,
    CASE WHEN binding.fact_no IS NULL THEN 'binds no lot' END AS reason,
    1 AS pass, {side}.fact_no AS match_no,
    CASE WHEN worst.is_off = 0 THEN worst.due_at END AS check_at,
    CASE WHEN worst.is_off = 1 THEN worst.subject END AS subject
FROM {side}
LEFT JOIN binding ON binding.fact_no = {side}.fact_no
LEFT JOIN worst ON worst.decision_no = {side}.fact_no
