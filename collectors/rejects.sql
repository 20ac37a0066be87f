-- Records with a problem, by number, and every reason.
SELECT record_no, string_agg(DISTINCT reason, '; ' ORDER BY reason)
FROM problem
GROUP BY record_no
ORDER BY record_no
