-- signal:  what became of each fact: due, effective, agreed
-- formula: due = an expected business fact of a rule that pairs facts with their postings (balances, states and holds are
--          no transactions); effective = some unreversed posting is known
SELECT $rule, $flow, fact.plant, {time} AS event_at,
    $is_transaction AND member.side = 'expected' AND member.verdict IN ('matched', 'excepted') AS is_due,
    $is_transaction AND member.side = 'expected' AND (member.verdict = 'matched' OR (member.verdict = 'excepted'
        AND coalesce(finding.code, '') NOT IN ('missing_posting', 'spare_part_unposted', 'transit_open', 'posting_failed', 'reversal_lost', 'dead_letter', 'silent_failure', 'stuck_message'))) AS is_effective,
    member.verdict IN ('matched', 'excepted') AS is_judged,
    member.verdict = 'matched' AS is_agreed
FROM {member} AS member
JOIN {table} AS fact ON fact.fact_no = member.fact_no
LEFT JOIN {finding} AS finding ON finding.subject = member.subject AND finding.is_standing
WHERE {time} >= $since AND {time} <= $as_of
