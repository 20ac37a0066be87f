/*
stage:   head
grain:   one row per channel somebody takes from, and since when its first message has been under way
reads:   channels
Where producers set no time, nobody knows. A message in the hands of a consumer who does not answer does not get through either.
*/
SELECT fact_no, oldest_at AS since FROM channels WHERE consumers > 0 AND coalesce(ready, 0) + coalesce(in_flight, 0) > 0 AND oldest_at IS NOT NULL
