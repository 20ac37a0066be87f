-- Subjects of standing findings that were looked at again and not found again.
SELECT subject
FROM {finding}
WHERE is_standing AND subject IN ({affected}) AND subject NOT IN (SELECT subject FROM fresh)
