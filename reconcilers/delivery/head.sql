/*
stage:   head
grain:   one row per channel somebody takes from, and since when its first message has been under way
reads:   channels
Where producers set no time, nobody knows.
*/
SELECT fact_no, oldest_at AS since FROM channels WHERE consumers > 0 AND ready > 0 AND oldest_at IS NOT NULL
