/*
stage:   row
grain:   one row per row the statement gave
reads:   sql_answer
*/
SELECT row_number() OVER () AS row_no, {given} FROM sql_answer
