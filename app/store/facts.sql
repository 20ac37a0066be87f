-- The canonical facts: what every mapping fills, the lake holds and every rule reads.
-- One row is one revision of one record as one source told it. Append-only: a change is a new row, a deletion is a
-- row with is_deleted. Keys are text, quantities and money DECIMAL(38,9), instants UTC. Identity of a fact is
-- (source, feed, source_key, source_revision). Every table begins with the columns of `fact`, which the store fills.
-- A CHECK is a vocabulary: a record with another word is a reject, a rule with another word a mistake.

CREATE TABLE fact (
    fact_no BIGINT NOT NULL,
    source VARCHAR NOT NULL, feed VARCHAR NOT NULL, source_key VARCHAR NOT NULL, source_revision VARCHAR NOT NULL,
    revision_rank BIGINT NOT NULL, is_deleted BOOLEAN NOT NULL, observed_at TIMESTAMPTZ NOT NULL,
    raw_ref VARCHAR, record_hash VARCHAR NOT NULL, pull_id VARCHAR NOT NULL
);
COMMENT ON TABLE fact IS 'The columns every fact begins with.';
COMMENT ON COLUMN fact.fact_no IS 'Our number of the fact, over all tables, in order of arrival';
COMMENT ON COLUMN fact.source IS 'Source instance that told us, as named in the landscape';
COMMENT ON COLUMN fact.feed IS 'Feed of that source the record came through';
COMMENT ON COLUMN fact.source_key IS 'Natural key in the source, parts joined by /';
COMMENT ON COLUMN fact.source_revision IS 'Revision of the record as the source counts it, else our own count of changes seen';
COMMENT ON COLUMN fact.revision_rank IS 'Orders the revisions of one record: counter or change instant (microseconds) of the source, 0 where it has neither; equal ranks are ordered by arrival';
COMMENT ON COLUMN fact.is_deleted IS 'True on a tombstone: a complete sweep no longer found the record';
COMMENT ON COLUMN fact.observed_at IS 'When we first held this revision: the clock of "as known at"';
COMMENT ON COLUMN fact.raw_ref IS 'Raw page and record number that lead back to the bytes';
COMMENT ON COLUMN fact.record_hash IS 'md5 over the mapped columns: tells a change from a repeat';
COMMENT ON COLUMN fact.pull_id IS 'Pull that brought it';

CREATE TABLE business_event (
    kind VARCHAR NOT NULL,
    sub_kind VARCHAR,
    state VARCHAR NOT NULL DEFAULT 'posted',
    is_reversal BOOLEAN NOT NULL DEFAULT false,
    reverses_key VARCHAR,
    occurred_at TIMESTAMPTZ,
    occurred_on DATE,
    event_at TIMESTAMPTZ,
    posting_on DATE,
    recorded_at TIMESTAMPTZ,
    time_precision VARCHAR NOT NULL DEFAULT 'second',
    time_basis VARCHAR NOT NULL DEFAULT 'assumed',
    company VARCHAR, plant VARCHAR, location VARCHAR, bin VARCHAR, to_plant VARCHAR, to_location VARCHAR,
    item VARCHAR, lot VARCHAR, serial VARCHAR,
    quantity DECIMAL(38,9), unit VARCHAR, quantity_source DECIMAL(38,9), unit_source VARCHAR,
    stock_status VARCHAR, to_stock_status VARCHAR, stock_owner VARCHAR,
    order_kind VARCHAR, order_no VARCHAR, order_line VARCHAR, op_no VARCHAR, reservation_no VARCHAR,
    partner VARCHAR, document_no VARCHAR, reason VARCHAR, equipment VARCHAR,
    labor_minutes DECIMAL(38,9), labor_ref VARCHAR,
    amount DECIMAL(38,9), currency VARCHAR,
    correlation_id VARCHAR, idempotency_key VARCHAR, trace_id VARCHAR, actor VARCHAR,
    attributes VARCHAR,
    CHECK (kind IN ('op_complete', 'goods_issue', 'fg_receipt', 'scrap', 'rework', 'labor', 'transfer', 'adjust', 'status_change',
        'receipt', 'return', 'asn', 'ship_ready', 'ship_confirm', 'invoice_ready', 'invoiced', 'spare_issue',
        'valuation')),
    CHECK (state IN ('posted', 'planned', 'draft', 'pending', 'failed', 'cancelled')),
    CHECK (stock_status IN ('free', 'inspect', 'blocked', 'restricted', 'returns', 'transit', 'wip')),
    CHECK (to_stock_status IN ('free', 'inspect', 'blocked', 'restricted', 'returns', 'transit', 'wip')),
    CHECK (order_kind IN ('production', 'maintenance', 'purchase', 'sales', 'transfer', 'delivery',
        'receipt', 'adjustment', 'scrap', 'asn', 'invoice')),
    CHECK (time_precision IN ('us', 'ms', 'second', 'minute', 'day', 'unknown')),
    CHECK (time_basis IN ('utc', 'offset', 'plant_local', 'ambiguous', 'assumed'))
);
COMMENT ON TABLE business_event IS 'One line of one business transaction: a completion, an issue, a receipt, a shipment, a transfer leg, an adjustment.';
COMMENT ON COLUMN business_event.kind IS 'What happened';
COMMENT ON COLUMN business_event.sub_kind IS 'Code of the source: movement type, voucher type, reason family';
COMMENT ON COLUMN business_event.state IS 'Only posted takes effect';
COMMENT ON COLUMN business_event.is_reversal IS 'True on a posting that takes another one back';
COMMENT ON COLUMN business_event.reverses_key IS 'source_key of the posting taken back';
COMMENT ON COLUMN business_event.occurred_at IS 'Physical time; empty when the source only knows a date';
COMMENT ON COLUMN business_event.occurred_on IS 'Date of occurred_at on the calendar of the plant, else posting_on; derived on landing';
COMMENT ON COLUMN business_event.event_at IS 'The instant due times start from: occurred_at, else the start of posting_on at the plant, else recorded_at; derived on landing';
COMMENT ON COLUMN business_event.posting_on IS 'Fiscal date of the posting, never shifted by a time zone';
COMMENT ON COLUMN business_event.recorded_at IS 'When the source entered it';
COMMENT ON COLUMN business_event.time_precision IS 'Precision of occurred_at';
COMMENT ON COLUMN business_event.time_basis IS 'How the zone was known; ambiguous is the autumn night, read as the earlier';
COMMENT ON COLUMN business_event.location IS 'Stock location the quantity is signed for';
COMMENT ON COLUMN business_event.quantity IS 'In base unit, signed from the point of view of location: + into it, - out of it';
COMMENT ON COLUMN business_event.unit IS 'Base unit of quantity';
COMMENT ON COLUMN business_event.quantity_source IS 'As sent, same sign';
COMMENT ON COLUMN business_event.unit_source IS 'Unit as sent';
COMMENT ON COLUMN business_event.stock_status IS 'Stock category; a cross-reference translates it';
COMMENT ON COLUMN business_event.stock_owner IS 'own, consignment:<partner>, customer:<partner>';
COMMENT ON COLUMN business_event.document_no IS 'Delivery note, count, slip or posting it stands on; pairs only where both systems use the same number';
COMMENT ON COLUMN business_event.labor_ref IS 'Pseudonymous reference to the person, never a name';
COMMENT ON COLUMN business_event.amount IS 'Company currency, signed like quantity';
COMMENT ON COLUMN business_event.correlation_id IS 'External id both sides carry: the best key there is';
COMMENT ON COLUMN business_event.actor IS 'user, or interface:<name>';
COMMENT ON COLUMN business_event.attributes IS 'JSON object of what the mapping wants to keep beside';

CREATE TABLE message_hop (
    channel VARCHAR, flow VARCHAR, sender VARCHAR, receiver VARCHAR, message_type VARCHAR,
    attempt INTEGER NOT NULL DEFAULT 1,
    status VARCHAR NOT NULL, status_source VARCHAR, is_terminal BOOLEAN NOT NULL DEFAULT false, stuck_reason VARCHAR,
    occurred_at TIMESTAMPTZ, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, next_retry_at TIMESTAMPTZ,
    retries INTEGER,
    correlation_id VARCHAR, message_id VARCHAR, trace_id VARCHAR, replay_of VARCHAR,
    business_kind VARCHAR, plant VARCHAR, order_no VARCHAR, op_no VARCHAR, item VARCHAR, lot VARCHAR,
    quantity DECIMAL(38,9), unit VARCHAR, quantity_source DECIMAL(38,9), unit_source VARCHAR, document_no VARCHAR,
    error_code VARCHAR, error_text VARCHAR, payload_hash VARCHAR,
    attributes VARCHAR,
    CHECK (status IN ('queued', 'in_progress', 'sent_unacked', 'delivered', 'done', 'retrying', 'blocked', 'failed', 'dead_lettered', 'abandoned',
        'duplicate_dropped'))
);
COMMENT ON TABLE message_hop IS 'One message on one hop of the middleware, with the business fact it carries where the payload says so.';
COMMENT ON COLUMN message_hop.channel IS 'Queue, topic or interface it was seen on';
COMMENT ON COLUMN message_hop.status_source IS 'Status as the platform names it';
COMMENT ON COLUMN message_hop.is_terminal IS 'True when the platform will not touch it again by itself';
COMMENT ON COLUMN message_hop.stuck_reason IS 'Why it stopped: rejected, expired, maxlen, delivery_limit, unknown';
COMMENT ON COLUMN message_hop.occurred_at IS 'Business time of the fact it carries, as the producer stamped it';
COMMENT ON COLUMN message_hop.started_at IS 'When it entered the hop';
COMMENT ON COLUMN message_hop.ended_at IS 'When it reached a terminal status, e.g. was dead-lettered';
COMMENT ON COLUMN message_hop.retries IS 'Attempts beyond the first';
COMMENT ON COLUMN message_hop.business_kind IS 'Kind of business event it carries';
COMMENT ON COLUMN message_hop.error_text IS 'Reason the platform or the target gave';
COMMENT ON COLUMN message_hop.payload_hash IS 'sha256 of the payload, to find the same message twice';

CREATE TABLE channel_depth (
    channel VARCHAR NOT NULL, channel_role VARCHAR NOT NULL DEFAULT 'main', sampled_at TIMESTAMPTZ NOT NULL,
    ready BIGINT, in_flight BIGINT, delayed BIGINT, consumers INTEGER, oldest_at TIMESTAMPTZ, idle_since TIMESTAMPTZ,
    published_total BIGINT, acknowledged_total BIGINT, redelivered_total BIGINT, refused_last_hour BIGINT,
    plant VARCHAR, flow VARCHAR, attributes VARCHAR,
    CHECK (channel_role IN ('main', 'retry', 'dead_letter'))
);
COMMENT ON TABLE channel_depth IS 'One sample of how much waits in a queue or topic.';
COMMENT ON COLUMN channel_depth.ready IS 'Messages waiting for a consumer';
COMMENT ON COLUMN channel_depth.in_flight IS 'Delivered, not yet acknowledged';
COMMENT ON COLUMN channel_depth.refused_last_hour IS 'Deliveries of the hour before that nobody acknowledged: not answered yet, put back, or sent round through a retry queue';
COMMENT ON COLUMN channel_depth.oldest_at IS 'Time stamp of the message at the head, where producers set one';

CREATE TABLE stock_balance (
    snapshot_id VARCHAR NOT NULL, balance_at TIMESTAMPTZ NOT NULL, balance_basis VARCHAR NOT NULL DEFAULT 'page_walk',
    company VARCHAR, plant VARCHAR, location VARCHAR, bin VARCHAR,
    item VARCHAR NOT NULL, lot VARCHAR, serial VARCHAR, stock_status VARCHAR NOT NULL DEFAULT 'free', stock_owner VARCHAR,
    quantity DECIMAL(38,9) NOT NULL, unit VARCHAR, quantity_source DECIMAL(38,9), unit_source VARCHAR,
    quantity_reserved DECIMAL(38,9), amount DECIMAL(38,9), currency VARCHAR,
    attributes VARCHAR,
    CHECK (stock_status IN ('free', 'inspect', 'blocked', 'restricted', 'returns', 'transit', 'wip')),
    CHECK (balance_basis IN ('consistent', 'page_walk', 'cutoff_file', 'derived'))
);
COMMENT ON TABLE stock_balance IS 'One line of one accepted stock snapshot. A snapshot is held whole or not at all.';
COMMENT ON COLUMN stock_balance.snapshot_id IS 'Snapshot the line belongs to; one accepted pull is one snapshot';
COMMENT ON COLUMN stock_balance.balance_at IS 'Instant the balance is true for';
COMMENT ON COLUMN stock_balance.balance_basis IS 'How the lines hang together: consistent is one transaction';

CREATE TABLE stock_snapshot (
    snapshot_id VARCHAR NOT NULL, balance_at TIMESTAMPTZ NOT NULL, lines BIGINT NOT NULL
);
COMMENT ON TABLE stock_snapshot IS 'One accepted stock snapshot: written after its lines, so that lines without it are none. An accepted empty one has no lines.';

CREATE TABLE order_state (
    order_kind VARCHAR NOT NULL, order_no VARCHAR NOT NULL, order_family VARCHAR,
    status VARCHAR NOT NULL, status_source VARCHAR, flags VARCHAR,
    company VARCHAR, plant VARCHAR, item VARCHAR, item_revision VARCHAR, bom_ref VARCHAR, routing_ref VARCHAR,
    quantity DECIMAL(38,9), unit VARCHAR, quantity_source DECIMAL(38,9), unit_source VARCHAR,
    quantity_good DECIMAL(38,9), quantity_scrap DECIMAL(38,9), quantity_received DECIMAL(38,9),
    lot VARCHAR, partner VARCHAR, parent_no VARCHAR, reference_no VARCHAR,
    planned_start_at TIMESTAMPTZ, planned_end_at TIMESTAMPTZ, actual_start_at TIMESTAMPTZ, actual_end_at TIMESTAMPTZ,
    released_at TIMESTAMPTZ, status_at TIMESTAMPTZ, changed_at TIMESTAMPTZ, effective_on DATE,
    amount DECIMAL(38,9), currency VARCHAR,
    attributes VARCHAR,
    CHECK (order_kind IN ('production', 'maintenance', 'purchase', 'sales', 'transfer', 'delivery',
        'receipt', 'adjustment', 'scrap', 'asn', 'invoice')),
    CHECK (status IN ('created', 'released', 'in_progress', 'held', 'partially_done', 'done', 'tech_complete', 'closed', 'cancelled'))
);
COMMENT ON TABLE order_state IS 'One version of an order header: production, purchase, sales, transfer, delivery, maintenance.';
COMMENT ON COLUMN order_state.order_family IS 'Order number all parts of a split share: the stem of its backorders';
COMMENT ON COLUMN order_state.status_source IS 'Status as the source names it';
COMMENT ON COLUMN order_state.quantity IS 'Planned quantity in base unit';
COMMENT ON COLUMN order_state.effective_on IS 'Business date of the status where the source has only a date';

CREATE TABLE order_line (
    order_kind VARCHAR NOT NULL, order_no VARCHAR NOT NULL, line_kind VARCHAR NOT NULL, line_no VARCHAR NOT NULL,
    plant VARCHAR, item VARCHAR, op_no VARCHAR, work_center VARCHAR, lot VARCHAR, location VARCHAR,
    quantity DECIMAL(38,9), unit VARCHAR, quantity_source DECIMAL(38,9), unit_source VARCHAR,
    quantity_done DECIMAL(38,9), quantity_scrap DECIMAL(38,9),
    status VARCHAR, status_source VARCHAR, is_final BOOLEAN, is_backflush BOOLEAN, reference_no VARCHAR, changed_at TIMESTAMPTZ,
    amount DECIMAL(38,9), currency VARCHAR,
    attributes VARCHAR,
    CHECK (order_kind IN ('production', 'maintenance', 'purchase', 'sales', 'transfer', 'delivery',
        'receipt', 'adjustment', 'scrap', 'asn', 'invoice')),
    CHECK (line_kind IN ('operation', 'component', 'output',
        'purchase_line', 'sales_line', 'delivery_line', 'scrap', 'adjustment'))
);
COMMENT ON TABLE order_line IS 'One version of a line: operation, component, output, purchase or sales line.';
COMMENT ON COLUMN order_line.quantity IS 'Required quantity in base unit';

CREATE TABLE quality_disposition (
    kind VARCHAR NOT NULL, status VARCHAR NOT NULL, status_source VARCHAR,
    plant VARCHAR, item VARCHAR, lot VARCHAR, serial VARCHAR, order_no VARCHAR, event_key VARCHAR,
    quantity DECIMAL(38,9), unit VARCHAR, quantity_source DECIMAL(38,9), unit_source VARCHAR,
    quantity_free DECIMAL(38,9), quantity_blocked DECIMAL(38,9), quantity_scrap DECIMAL(38,9),
    code VARCHAR, reason VARCHAR, effective_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, decided_by VARCHAR, changed_at TIMESTAMPTZ,
    attributes VARCHAR,
    CHECK (kind IN ('hold', 'release', 'usage_decision', 'nonconformance', 'recall', 'expiry')),
    CHECK (status IN ('open', 'decided', 'stock_posted', 'closed'))
);
COMMENT ON TABLE quality_disposition IS 'One version of a quality decision about a lot, serial or order.';
COMMENT ON COLUMN quality_disposition.event_key IS 'Number of the inspection the decision is of; the key where both systems use it';
COMMENT ON COLUMN quality_disposition.quantity_free IS 'What was accepted, or posted as free';
COMMENT ON COLUMN quality_disposition.effective_at IS 'From when it binds';
COMMENT ON COLUMN quality_disposition.ended_at IS 'Until when it binds; empty while it still does';
COMMENT ON COLUMN quality_disposition.decided_by IS 'Pseudonymous reference, never a name';

CREATE TABLE lot_link (
    item VARCHAR NOT NULL, lot VARCHAR NOT NULL, from_item VARCHAR NOT NULL, from_lot VARCHAR NOT NULL,
    plant VARCHAR, order_no VARCHAR, op_no VARCHAR,
    quantity DECIMAL(38,9), unit VARCHAR, quantity_source DECIMAL(38,9), unit_source VARCHAR,
    occurred_at TIMESTAMPTZ, event_key VARCHAR,
    attributes VARCHAR
);
COMMENT ON TABLE lot_link IS 'One edge of the genealogy: this much of from_lot went into lot.';

CREATE TABLE asset_state (
    equipment VARCHAR NOT NULL, state VARCHAR NOT NULL, is_planned BOOLEAN, plant VARCHAR,
    started_at TIMESTAMPTZ NOT NULL, ended_at TIMESTAMPTZ, reason VARCHAR, order_no VARCHAR, maintenance_order_no VARCHAR,
    quantity_good DECIMAL(38,9), quantity_scrap DECIMAL(38,9), counter_from DECIMAL(38,9), counter_to DECIMAL(38,9), quality VARCHAR,
    attributes VARCHAR,
    CHECK (state IN ('running', 'idle', 'down', 'setup', 'maintenance', 'unknown'))
);
COMMENT ON TABLE asset_state IS 'One interval of one piece of equipment: [started_at, ended_at).';

CREATE TABLE master_record (
    object VARCHAR NOT NULL, key VARCHAR NOT NULL, name VARCHAR, is_active BOOLEAN,
    valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ, changed_at TIMESTAMPTZ,
    attributes VARCHAR,
    plant VARCHAR, item VARCHAR,
    quantity DECIMAL(38,9), unit VARCHAR, quantity_source DECIMAL(38,9), unit_source VARCHAR
);
COMMENT ON TABLE master_record IS 'One version of a master record: item, lot, location, unit, bom, equipment, partner.';
COMMENT ON COLUMN master_record.is_active IS 'False where nobody may use it any more; empty where the record does not say';
COMMENT ON COLUMN master_record.attributes IS 'JSON object of the attributes two systems are asked to agree on';
COMMENT ON COLUMN master_record.plant IS 'Plant it holds for; empty means every plant its source speaks for';
COMMENT ON COLUMN master_record.item IS 'Item the record is of, by our key; a cross-reference translates it';
COMMENT ON COLUMN master_record.quantity IS 'How much of the base unit one unit of it is: of an item 1, in the unit it is counted in';
COMMENT ON COLUMN master_record.unit IS 'Base unit of the item';

CREATE TABLE cross_reference (
    object VARCHAR NOT NULL, of_source VARCHAR NOT NULL, of_key VARCHAR NOT NULL, of_item VARCHAR, key VARCHAR NOT NULL,
    factor DECIMAL(28,15) NOT NULL DEFAULT 1,
    valid_from DATE NOT NULL DEFAULT DATE '1900-01-01', valid_to DATE,
    confidence VARCHAR NOT NULL DEFAULT 'declared'
);
COMMENT ON TABLE cross_reference IS 'What a key of one source means here: of_source calls it of_key, we call it key.';
COMMENT ON COLUMN cross_reference.object IS 'item, location, lot, unit, order, stock_status, partner or equipment';
COMMENT ON COLUMN cross_reference.of_item IS 'Item the row is limited to, e.g. a pack size; empty means every item';
COMMENT ON COLUMN cross_reference.factor IS 'For units: quantity in key = quantity in of_key x factor';
COMMENT ON COLUMN cross_reference.valid_from IS 'First business date it holds for';
COMMENT ON COLUMN cross_reference.valid_to IS 'First business date it no longer holds for';
COMMENT ON COLUMN cross_reference.confidence IS 'declared, derived or guessed';

CREATE TABLE item_cost (
    company VARCHAR, plant VARCHAR, item VARCHAR NOT NULL, valid_from DATE NOT NULL DEFAULT DATE '1900-01-01',
    unit_cost DECIMAL(38,9) NOT NULL, per_quantity DECIMAL(38,9) NOT NULL DEFAULT 1, unit VARCHAR, currency VARCHAR NOT NULL, method VARCHAR
);
COMMENT ON TABLE item_cost IS 'What one item is worth from a date on: unit_cost for per_quantity of unit.';
COMMENT ON COLUMN item_cost.plant IS 'Plant it holds for; empty means every plant';

CREATE TABLE fiscal_period (
    company VARCHAR, plant VARCHAR, ledger VARCHAR NOT NULL DEFAULT 'stock', period VARCHAR NOT NULL, starts_on DATE NOT NULL, ends_on DATE NOT NULL,
    closed_at TIMESTAMPTZ, reopened_at TIMESTAMPTZ
);
COMMENT ON TABLE fiscal_period IS 'One fiscal period of one ledger: [starts_on, ends_on).';
COMMENT ON COLUMN fiscal_period.company IS 'Company it holds for; empty means every company';
COMMENT ON COLUMN fiscal_period.plant IS 'Plant it holds for; empty means every plant';
COMMENT ON COLUMN fiscal_period.closed_at IS 'When it was closed first; empty while it never was';
COMMENT ON COLUMN fiscal_period.reopened_at IS 'When it was last opened again';

CREATE TABLE ledger_entry (
    company VARCHAR, ledger VARCHAR, account VARCHAR NOT NULL, account_kind VARCHAR, plant VARCHAR,
    fiscal_year VARCHAR, period VARCHAR, is_opening BOOLEAN NOT NULL DEFAULT false,
    posting_on DATE NOT NULL, recorded_at TIMESTAMPTZ,
    amount DECIMAL(38,9) NOT NULL, currency VARCHAR NOT NULL,
    item VARCHAR, quantity DECIMAL(38,9), unit VARCHAR, quantity_source DECIMAL(38,9), unit_source VARCHAR,
    order_kind VARCHAR, order_no VARCHAR, order_line VARCHAR, partner VARCHAR,
    document_no VARCHAR, document_line VARCHAR, document_kind VARCHAR, reference_no VARCHAR, is_reversal BOOLEAN NOT NULL DEFAULT false,
    attributes VARCHAR,
    CHECK (account_kind IN ('stock', 'wip', 'gr_ir')),
    CHECK (order_kind IN ('production', 'maintenance', 'purchase', 'sales', 'transfer', 'delivery',
        'receipt', 'adjustment', 'scrap', 'asn', 'invoice'))
);
COMMENT ON TABLE ledger_entry IS 'One line of one document in the general ledger. The balance of an account is the sum of its lines.';
COMMENT ON COLUMN ledger_entry.ledger IS 'Ledger it is posted in, where a system keeps several';
COMMENT ON COLUMN ledger_entry.account_kind IS 'What the account is for: stock, wip (work in process) or gr_ir (goods received, invoices received)';
COMMENT ON COLUMN ledger_entry.fiscal_year IS 'Fiscal year it counts in; years are compared as text';
COMMENT ON COLUMN ledger_entry.period IS 'Fiscal period it counts in, as the source names it';
COMMENT ON COLUMN ledger_entry.is_opening IS 'True on a balance carried forward: it stands for everything before its fiscal year';
COMMENT ON COLUMN ledger_entry.posting_on IS 'Fiscal date of the posting, never shifted by a time zone';
COMMENT ON COLUMN ledger_entry.recorded_at IS 'When the source entered it';
COMMENT ON COLUMN ledger_entry.amount IS 'In currency, debit positive, credit negative';
COMMENT ON COLUMN ledger_entry.item IS 'Item it is about; empty where it names none, as a journal by hand';
COMMENT ON COLUMN ledger_entry.quantity IS 'In base unit, signed like amount';
COMMENT ON COLUMN ledger_entry.document_no IS 'Accounting document, unique in its company and fiscal year';
COMMENT ON COLUMN ledger_entry.document_kind IS 'Kind of the document as the source names it';
COMMENT ON COLUMN ledger_entry.reference_no IS 'Document it was made of: a material document, an invoice';

CREATE TABLE change_marker (
    kind VARCHAR NOT NULL, name VARCHAR NOT NULL, occurred_at TIMESTAMPTZ NOT NULL, ended_at TIMESTAMPTZ,
    plant VARCHAR, system VARCHAR, flow VARCHAR, version VARCHAR,
    attributes VARCHAR
);
COMMENT ON TABLE change_marker IS 'Something that changed and may be a cause: a deployment, mapping version, master-data load, outage.';
