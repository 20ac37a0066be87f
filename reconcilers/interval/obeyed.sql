/*
stage:   obeyed
grain:   one row per decision and record of a movement of its lot while it was held
reads:   spell, movements
A movement known only to the day counts where the whole of that day was within the hold. What several systems tell of one
movement is one subject; its quantity is of the system and unit that tells of most.
*/
WITH moved AS (
    SELECT movements.* FROM movements
    WHERE movements.state = 'posted' AND NOT movements.is_reversal AND coalesce(movements.quantity <= 0, true)
        AND EXISTS (SELECT 1 FROM spell WHERE spell.bearing = 'hold' AND {same_movement})
        AND NOT EXISTS (
            SELECT 1 FROM movements AS reversal
            WHERE reversal.is_reversal AND reversal.state = 'posted' AND reversal.source = movements.source
                AND reversal.reverses_key = movements.source_key AND abs(coalesce(reversal.quantity, 0)) = abs(coalesce(movements.quantity, 0))
        )
),
-- an id that only some records of a document carry stands for all of them
called AS (
    SELECT moved.*,
        CASE
            WHEN document_no IS NULL OR count(*) OVER document = count(correlation_id) OVER document THEN correlation_id
            ELSE min(correlation_id) OVER document
        END AS movement_id
    FROM moved
    WINDOW document AS (PARTITION BY document_no, kind, item, {by})
),
named AS (
    SELECT called.*,
        CASE
            WHEN movement_id IS NOT NULL THEN 'movement/id/' || {by_id}
            WHEN document_no IS NOT NULL THEN 'movement/document/' || {by_document}
            ELSE 'movement/' || {by_record}
        END AS subject
    FROM called
),
broken AS (
    SELECT spell.fact_no AS decision_no, spell.plant AS decided_in, movements.*
    FROM spell
    JOIN named AS movements ON {same_movement} AND coalesce(movements.item = spell.decided_item, true)
    WHERE spell.bearing = 'hold'
        AND CASE
            WHEN movements.time_precision = 'day' OR (movements.occurred_at IS NULL AND movements.posting_on IS NOT NULL)
                THEN movements.event_at > spell.starts_at AND (spell.ends_at IS NULL OR movements.event_at + INTERVAL 1 DAY <= spell.ends_at)
            ELSE movements.event_at >= spell.starts_at AND (spell.ends_at IS NULL OR movements.event_at < spell.ends_at)
        END
),
told AS (
    SELECT subject, source, unit, sum(quantity) AS quantity
    FROM (SELECT DISTINCT fact_no, subject, source, unit, quantity FROM broken) AS record
    GROUP BY subject, source, unit
),
most AS (
    SELECT subject, unit, quantity,
        row_number() OVER (PARTITION BY subject ORDER BY abs(coalesce(quantity, 0)) DESC, quantity, unit, source) AS place
    FROM told
),
way AS (
    SELECT subject,
        CASE min(kind)
            WHEN 'ship_confirm' THEN 'shipped'
            WHEN 'goods_issue' THEN 'issued'
            WHEN 'transfer' THEN 'transferred'
            WHEN 'scrap' THEN 'scrapped'
            ELSE replace(min(kind), '_', ' ')
        END || coalesce(' from ' || string_agg(DISTINCT location, ', ' ORDER BY location), '') AS note
    FROM broken
    GROUP BY subject
)
SELECT broken.decision_no, broken.fact_no AS other_no, 'business_event' AS of_table, 'hold_violated' AS wrong, broken.subject,
    coalesce(broken.plant, broken.decided_in) AS plant, broken.item, most.quantity, most.unit,
    broken.event_at AS occurred_at, broken.event_at AS due_at, broken.event_at AS seen_at, way.note
FROM broken
JOIN most ON most.subject = broken.subject AND most.place = 1
JOIN way ON way.subject = broken.subject
