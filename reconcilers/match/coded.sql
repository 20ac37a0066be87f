/*
stage:   coded
grain:   one row per business fact: the code of what is wrong with it once it is due, or none
reads:   ruling, standing
*/
WITH judged AS (
    SELECT ruling.*,
        CASE
            WHEN is_orphan AND withdrawn_expected > 0 THEN 'reversal_lost'
            WHEN is_orphan THEN '{orphan}'
            WHEN is_missing AND failed_count > 0 THEN 'posting_failed'
            WHEN is_missing AND withdrawn_observed > 0 THEN 'reversal_lost'
            WHEN is_missing THEN '{missing}'
            WHEN is_copied THEN 'duplicate_posting'
            WHEN quantity_differs AND (unit_mixed OR factor IS NOT NULL) THEN 'unit_mismatch'
            WHEN quantity_differs OR is_crowded THEN 'quantity_variance'
            WHEN attribute_differs THEN 'attribute_mismatch'
            WHEN period_differs THEN 'wrong_period'
        END AS wrong
    FROM ruling
)
SELECT judged.*,
    wrong IS NULL AS is_settled,
    CASE WHEN is_due THEN wrong END AS code,
    concat_ws(',',
        CASE WHEN is_paired AND quantity_differs AND wrong <> 'quantity_variance' AND wrong <> 'unit_mismatch' THEN 'quantity_variance' END,
        CASE WHEN is_paired AND attribute_differs AND wrong <> 'attribute_mismatch' THEN 'attribute_mismatch' END,
        CASE WHEN is_paired AND period_differs AND wrong <> 'wrong_period' THEN 'wrong_period' END,
        CASE WHEN is_paired AND is_late AND wrong IS NOT NULL THEN 'late_posting' END
    ) AS also,
    lead.plant, lead.item,
    {subject} AS subject
FROM judged
JOIN standing AS lead ON lead.fact_no = judged.lead_no
