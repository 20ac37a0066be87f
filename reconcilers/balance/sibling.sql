/*
stage:   sibling
grain:   one row per key whose unexplained rest is made good by keys that differ from it in one attribute only
reads:   rest
*/
WITH family AS (
    SELECT key_no, unexplained,
        sum(unexplained) OVER (PARTITION BY {others}, unit) AS together,
        sum(CASE WHEN unexplained <> 0 THEN 1 ELSE 0 END) OVER (PARTITION BY {others}, unit) AS members
    FROM rest
)
SELECT key_no, '{cause}' AS cause, unexplained AS quantity FROM family WHERE together = 0 AND members > 1 AND unexplained <> 0
