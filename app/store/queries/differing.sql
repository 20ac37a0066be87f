-- Subjects for which the findings held and those just made differ, in content or in being there.
SELECT coalesce(fresh.subject, held.subject)
FROM fresh
FULL JOIN (SELECT * FROM {finding} WHERE is_standing) AS held ON held.subject = fresh.subject
WHERE held.content IS DISTINCT FROM fresh.content
ORDER BY 1
