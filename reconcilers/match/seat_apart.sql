/*
stage:   seat (apart)
grain:   one row per fact of a key with several expected facts, each a business fact of its own
reads:   bout
Equal facts pair first, in order of time: those alike in every compared attribute, then those alike in quantity. What is
left pairs only where the choice is unique; else the rest of the key is ambiguous. An observed copy of a paired quantity
belongs to the fact it copies. Expected facts without a partner stay free for the next pass.
*/
WITH bench AS (
    SELECT * FROM bout WHERE NOT ({whole})
),
alike AS (
    SELECT *, row_number() OVER (PARTITION BY bout_no, side, quantity{attributes} ORDER BY turn) AS place FROM bench
),
alike_pair AS (
    SELECT e.bout_no, e.fact_no AS expected_no, o.fact_no AS observed_no, e.quantity, e.turn
    FROM alike AS e
    JOIN alike AS o ON o.bout_no = e.bout_no AND o.place = e.place AND o.quantity IS NOT DISTINCT FROM e.quantity{attributes_alike}
    WHERE e.side = 'expected' AND o.side = 'observed'
),
after_alike AS (
    SELECT *, row_number() OVER (PARTITION BY bout_no, side, quantity ORDER BY turn) AS place
    FROM bench
    WHERE fact_no NOT IN (SELECT expected_no FROM alike_pair UNION ALL SELECT observed_no FROM alike_pair)
),
equal_pair AS (
    SELECT e.bout_no, e.fact_no AS expected_no, o.fact_no AS observed_no, e.quantity, e.turn
    FROM after_alike AS e
    JOIN after_alike AS o ON o.bout_no = e.bout_no AND o.place = e.place AND o.quantity IS NOT DISTINCT FROM e.quantity
    WHERE e.side = 'expected' AND o.side = 'observed'
),
pair AS (
    SELECT * FROM alike_pair UNION ALL SELECT * FROM equal_pair
),
rest AS (
    SELECT *,
        sum(CASE WHEN side = 'expected' THEN 1 ELSE 0 END) OVER (PARTITION BY bout_no) AS expected_left,
        sum(CASE WHEN side = 'observed' THEN 1 ELSE 0 END) OVER (PARTITION BY bout_no) AS observed_left,
        min(CASE WHEN side = 'expected' THEN fact_no END) OVER (PARTITION BY bout_no) AS first_left
    FROM bench
    WHERE fact_no NOT IN (SELECT expected_no FROM pair UNION ALL SELECT observed_no FROM pair)
),
copied AS (
    SELECT rest.fact_no, arg_min(pair.expected_no, pair.turn) AS unit_no
    FROM rest
    JOIN pair ON pair.bout_no = rest.bout_no AND pair.quantity IS NOT DISTINCT FROM rest.quantity
    WHERE rest.side = 'observed' AND rest.expected_left = 0
    GROUP BY rest.fact_no
)
SELECT expected_no AS fact_no, 'expected' AS side, expected_no AS unit_no, false AS is_ambiguous FROM pair
UNION ALL
SELECT observed_no, 'observed', expected_no, false FROM pair
UNION ALL
SELECT fact_no, 'observed', unit_no, false FROM copied
UNION ALL
SELECT fact_no, 'observed', -fact_no, true FROM rest
WHERE side = 'observed' AND expected_left = 0 AND fact_no NOT IN (SELECT fact_no FROM copied)
UNION ALL
SELECT fact_no, side, first_left, expected_left > 1 FROM rest WHERE expected_left > 0 AND observed_left > 0
