-- Facts that share a key with the frontier. Where a fact was settled by an earlier pass, it is the end of the road.
WITH key AS (
    SELECT DISTINCT link.pass, link.key64 FROM {link} AS link WHERE link.fact_no IN (SELECT fact_no FROM frontier)
)
SELECT link.fact_no, coalesce(member.pass, {left_over}) < link.pass AS is_end
FROM {link} AS link
JOIN key ON key.pass = link.pass AND key.key64 = link.key64
LEFT JOIN {member} AS member ON member.fact_no = link.fact_no
