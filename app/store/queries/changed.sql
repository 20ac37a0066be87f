-- Subjects of findings that are new or say something else than the standing ones held.
SELECT fresh.subject
FROM fresh
LEFT JOIN {finding} AS held ON held.subject = fresh.subject AND held.is_standing
WHERE held.content IS DISTINCT FROM fresh.content
