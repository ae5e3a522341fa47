-- The role that the service works in: everything but the audit's past. Run after the migrations, as often as wanted.
DO $$
BEGIN
    CREATE ROLE paband_service LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- Another database of the same server has made it.
END $$;

GRANT USAGE, CREATE ON SCHEMA public TO paband_service;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO paband_service;
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO paband_service;

-- Partitions are made, indexed and deleted by whoever owns the table of reports.
DO $$
DECLARE
    kept regclass;
BEGIN
    FOR kept IN
        SELECT 'reports'::regclass WHERE (SELECT relowner FROM pg_class WHERE oid = 'reports'::regclass) <> 'paband_service'::regrole
        UNION ALL
        SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class ON oid = inhrelid
        WHERE inhparent = 'reports'::regclass AND relowner <> 'paband_service'::regrole
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO paband_service', kept);
    END LOOP;
END $$;

-- Days of a hypertable lie in a schema of TimescaleDB's: their index by tag and time is made there.
DO $$
BEGIN
    IF to_regnamespace('_timescaledb_internal') IS NOT NULL THEN
        GRANT USAGE, CREATE ON SCHEMA _timescaledb_internal TO paband_service;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'only a superuser can let paband_service index the days of reports: GRANT CREATE ON SCHEMA _timescaledb_internal TO paband_service';
END $$;

REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit, audit_head FROM paband_service;
REVOKE ALL ON FUNCTION audit_append(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append(jsonb) TO paband_service;

-- What was held, deleted and handed over stays written down.
REVOKE DELETE, TRUNCATE ON legal_holds, deletions, releases FROM paband_service;

-- The books are only added to.
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_entries, ledger_postings, billing_documents, billing_facts, tariffs FROM paband_service;
-- Statements, refunds, damage: what was read, asked for and found stays; what becomes of it changes.
REVOKE DELETE, TRUNCATE ON bill_codes, statements, statement_lines, refunds, damages FROM paband_service;
REVOKE UPDATE ON bill_codes, statements, statement_lines, refunds, damages FROM paband_service;
GRANT UPDATE (new_count, matched_count, waiting_count, outgoing_count) ON statements TO paband_service;
GRANT UPDATE (version, state, fact_id, matched_count, is_automatic, decided_by, decided_at, reason) ON statement_lines TO paband_service;
GRANT UPDATE (version, state, approved_by, approved_at, fact_id, sent_by, sent_at, bank_reference, sent_by_line, refused_by, refused_at, refuse_reason,
    returned_by, returned_at, return_reason) ON refunds TO paband_service;
GRANT UPDATE (version, state, amount, object_until, objection, objected_at, objection_by, answer, answered_by, answered_at, fact_id, settled_by, settled_at) ON damages
    TO paband_service;
-- Late facts, accounts for refunds, payments that were another's, notices of damage, how lines stood: written once.
REVOKE UPDATE, DELETE, TRUNCATE ON damage_notices, late_fact_decisions, refund_accounts, misdirected_payments, statement_line_states FROM paband_service;
REVOKE TRUNCATE ON bank_holidays FROM paband_service;
-- Runs are told of and end; what was spent is written once; the switches change until something was issued by them.
REVOKE DELETE, TRUNCATE ON billing_runs FROM paband_service;
REVOKE UPDATE, DELETE, TRUNCATE ON set_aside_spendings, set_aside_reversals FROM paband_service;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON billing_policy FROM paband_service;
GRANT UPDATE (switches, set_by) ON billing_policy TO paband_service;
REVOKE UPDATE, DELETE, TRUNCATE ON proposal_approvals FROM paband_service;
-- And so is what became of documents.
REVOKE UPDATE, DELETE, TRUNCATE ON billing_document_events FROM paband_service;
-- What was granted to persons, and what was required of them.
REVOKE UPDATE, DELETE, TRUNCATE ON billing_reliefs, deposit_requirements FROM paband_service;
-- Whom a set of zones bound, and by whose word, stays written down.
REVOKE DELETE, TRUNCATE ON zone_sets, zone_set_zones FROM paband_service;
REVOKE TRUNCATE ON zone_set_wearers FROM paband_service;
-- What happened to a tag, what was said and shown when it was put on, and how it came off: written once.
REVOKE UPDATE, DELETE, TRUNCATE ON tag_events, installation_statements, fitting_evidence, removals, removal_photos FROM paband_service;
REVOKE DELETE, TRUNCATE ON tag_inventory, tag_transfers, tag_transfer_items, installations, fittings FROM paband_service;
-- Leave and inspections: what happened stays; of an act only what becomes of it changes.
REVOKE DELETE, TRUNCATE ON leave_acts, leave_batches, leave_batch_wearers, inspections, inspection_events, certificate_numbers FROM paband_service;
REVOKE UPDATE ON leave_acts, leave_batches, leave_batch_wearers, inspection_events FROM paband_service;
GRANT UPDATE (version, state, late_reason, authority, decision_number, decision_date, decided_by, decided_at, warnings_read, back_at, ended_by, ended_at,
    end_reason, never_granted, shortened_to, shortened_at) ON leave_acts TO paband_service;
GRANT UPDATE (version, state, late_reason, mode, approved_by, approved_at, withdrawn_by, withdrawn_at, withdraw_reason) ON leave_batches TO paband_service;
GRANT UPDATE (leave_id, hindrances, warnings) ON leave_batch_wearers TO paband_service;
-- Files of wearers and their orders: what was written stays, a wrong fact is cancelled.
REVOKE UPDATE, DELETE, TRUNCATE ON wearer_versions, photos, zone_degrees FROM paband_service;
REVOKE DELETE, TRUNCATE ON orders FROM paband_service;
REVOKE UPDATE, DELETE, TRUNCATE ON order_facts FROM paband_service;
GRANT UPDATE (cancelled_at, cancelled_by, cancel_reason) ON order_facts TO paband_service;
