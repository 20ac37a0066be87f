/*
stage:   carries
grain:   one row per message, business event it may have been sent for, and pass that says so
reads:   messages, origin
*/
SELECT messages.fact_no, origin.fact_no AS origin_no, {number} AS pass
FROM messages JOIN origin ON {same_origin}
WHERE {known}
