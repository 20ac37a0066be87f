-- Partners of what came along, and whatever shares a finding with it.
WITH mine AS (
    SELECT member.match_no, member.subject, near.is_end
    FROM near JOIN {member} AS member USING (fact_no)
    UNION
    SELECT match_no, subject, false FROM {member} WHERE fact_no IN (SELECT fact_no FROM frontier)
)
SELECT other.fact_no, min(mine.is_end) AS is_end
FROM {member} AS other JOIN mine ON other.match_no = mine.match_no
GROUP BY other.fact_no
UNION ALL
SELECT other.fact_no, false FROM {member} AS other JOIN mine ON other.subject = mine.subject
