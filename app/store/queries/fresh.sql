-- The findings just made, with a hash of their content: only what changes it counts as a change of the finding.
-- Lines of a snapshot are new facts each time and do not count.
WITH told AS (
    SELECT subject, string_agg(word, chr(29) ORDER BY word) AS words
    FROM (
        SELECT
            subject,
            concat_ws(chr(30), role, cause, CAST(quantity AS VARCHAR),
                CASE WHEN of_table <> 'stock_balance' THEN CAST(fact_no AS VARCHAR) END) AS word
        FROM part
    )
    GROUP BY subject
)
SELECT
    md5(concat_ws(chr(31), code, also, plant, item,
        CAST(quantity_expected AS VARCHAR), CAST(quantity_observed AS VARCHAR), CAST(variance AS VARCHAR), unit,
        CAST(at_risk AS VARCHAR), CAST(due_at AS VARCHAR), CAST(settled_at AS VARCHAR), CAST(is_ambiguous AS VARCHAR),
        CAST(factor AS VARCHAR), CAST(unexplained AS VARCHAR), note, told.words)) AS content,
    finding.*
FROM finding
LEFT JOIN told ON told.subject = finding.subject
