/*
stage:   carries
grain:   one row per message and the business event it was sent for
reads:   messages, origin
*/
SELECT messages.fact_no, origin.fact_no AS origin_no
FROM messages JOIN origin ON {same}
WHERE {known}
