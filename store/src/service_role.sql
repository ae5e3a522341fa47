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

-- Files of wearers and their orders: what was written stays, a wrong fact is cancelled.
REVOKE UPDATE, DELETE, TRUNCATE ON wearer_versions, photos, zone_degrees FROM paband_service;
REVOKE DELETE, TRUNCATE ON orders FROM paband_service;
REVOKE UPDATE, DELETE, TRUNCATE ON order_facts FROM paband_service;
GRANT UPDATE (cancelled_at, cancelled_by, cancel_reason) ON order_facts TO paband_service;
