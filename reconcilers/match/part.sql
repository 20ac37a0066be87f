/*
stage:   part
grain:   one row per fact of a finding and the role it has there
reads:   finding, coded, seat, hint, doubt, carrier_of
Facts of no effect tell why a partner is missing; where there is one they tell nothing.
*/
WITH member AS (
    SELECT coded.subject, coded.is_paired, seat.unit_no, seat.fact_no, seat.side FROM coded
    JOIN finding ON finding.subject = coded.subject
    JOIN seat ON seat.unit_no = coded.unit_no
    WHERE coded.code IS NOT NULL OR (coded.is_settled AND coded.is_late)
)
SELECT subject, side AS role, 'business_event' AS of_table, fact_no, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS DECIMAL(38, 9)) AS quantity FROM member
UNION
SELECT member.subject, hint.side, 'business_event', hint.fact_no, hint.standing, NULL FROM member JOIN hint ON hint.unit_no = member.unit_no
WHERE NOT member.is_paired
UNION
SELECT member.subject, 'candidate', 'business_event', doubt.candidate_no, NULL, NULL FROM member JOIN doubt ON doubt.fact_no = member.fact_no
UNION
SELECT member.subject, 'carried', {carrier_table}, carrier_of.message_no, NULL, NULL FROM member JOIN carrier_of ON carrier_of.fact_no = member.fact_no
