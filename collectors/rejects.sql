-- Records with a problem: every reason, the record as received, and where it came from.
SELECT
    string_agg(DISTINCT problem.reason, '; ' ORDER BY problem.reason) AS reason,
    any_value(records.record) AS raw,
    any_value(records.raw_ref) AS raw_ref
FROM problem
JOIN records USING (record_no)
GROUP BY records.record_no
ORDER BY records.record_no
