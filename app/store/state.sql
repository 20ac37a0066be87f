-- What the rules have worked out so far; one set of tables per rule is made when the rule first runs (rulings.py).

CREATE TABLE rule (
    rule_no INTEGER, id VARCHAR, version VARCHAR, scope VARCHAR, seen_fact_no BIGINT, change_no BIGINT
);
COMMENT ON TABLE rule IS 'One rule: the version and scope its tables hold, the last fact it has seen, its last change.';

CREATE TABLE unresolved (
    name VARCHAR, source VARCHAR, feed VARCHAR, source_key VARCHAR, object VARCHAR, of_key VARCHAR
);
COMMENT ON TABLE unresolved IS 'Keys of current facts that had no cross-reference when they landed.';

CREATE TABLE published (rule VARCHAR, edition BIGINT, change_no BIGINT, move_no BIGINT);
COMMENT ON TABLE published IS 'Up to which change of findings and verdicts the results of a rule are in the lake, and in which edition.';
