-- The past judged again: late reports, and facts that staff record after they began to hold.

-- A wearer's judgement as of an instant, about one a day: where judging again begins.
CREATE TABLE judge_checkpoints (
    wearer_id bigint NOT NULL REFERENCES wearers,
    judged_at bigint NOT NULL, -- milliseconds since 1970: the newest report it contains
    bytes     bytea NOT NULL,
    PRIMARY KEY (wearer_id, judged_at)
);

-- Spans that must be judged again, until it is done.
CREATE TABLE judging_requests (
    request_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id   bigint NOT NULL REFERENCES wearers,
    from_at     timestamptz NOT NULL,
    cause       text NOT NULL CHECK (cause <> ''),
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX judging_requests_wearer ON judging_requests (wearer_id);

-- Who changes a fact, and why: whoever changes one may say so in its transaction (SET LOCAL paband.actor, paband.reason).
CREATE FUNCTION facts_cause(fact text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT fact || ' by ' || coalesce(nullif(current_setting('paband.actor', true), ''), session_user)
        || coalesce(': ' || nullif(current_setting('paband.reason', true), ''), '')
$$;

-- A fact that holds from before now: its wearers' past is judged again, also of those who wear nothing any more.
CREATE FUNCTION judging_request(wearers bigint[], since timestamptz, fact text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO judging_requests (wearer_id, from_at, cause)
    SELECT DISTINCT f.wearer_id, greatest(since, (SELECT min(lower(g.period)) FROM fittings g WHERE g.wearer_id = f.wearer_id)), facts_cause(fact)
    FROM fittings f WHERE f.wearer_id = ANY (wearers) AND (upper_inf(f.period) OR upper(f.period) > since) AND since < clock_timestamp()
$$;

CREATE FUNCTION leave_reaches_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM judging_request(ARRAY[coalesce(NEW.wearer_id, OLD.wearer_id)], least(OLD.valid_from, NEW.valid_from),
        'leave ' || CASE TG_OP WHEN 'INSERT' THEN 'recorded' WHEN 'UPDATE' THEN 'changed' ELSE 'withdrawn' END);
    RETURN NULL;
END $$;
CREATE TRIGGER leave_reaches_back AFTER INSERT OR UPDATE OR DELETE ON leaves FOR EACH ROW EXECUTE FUNCTION leave_reaches_back();

-- What changes of a zone's version is from its beginning on, or only from the nearer of its two ends. A version ends because the next
-- one begins: that one tells of it. What begins about now reaches the shards as it is.
CREATE FUNCTION zone_reaches_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := CASE TG_OP WHEN 'UPDATE' THEN least(OLD.valid_to, NEW.valid_to) ELSE coalesce(NEW.valid_from, OLD.valid_from) END;
    zone zones%ROWTYPE;
BEGIN
    IF since IS NULL OR since >= now() - interval '30 seconds' THEN
        RETURN NULL;
    END IF;
    SELECT * INTO zone FROM zones WHERE zone_id = coalesce(NEW.zone_id, OLD.zone_id);
    PERFORM judging_request(
        CASE WHEN zone.everyone THEN (SELECT array_agg(DISTINCT wearer_id) FROM fittings WHERE upper_inf(period) OR upper(period) > since)
             ELSE (SELECT array_agg(wearer_id) FROM zone_wearers WHERE zone_id = zone.zone_id) END,
        since, 'zone ' || zone.reference || ' changed');
    RETURN NULL;
END $$;
CREATE TRIGGER zone_reaches_back AFTER INSERT OR UPDATE OR DELETE ON zone_versions FOR EACH ROW EXECUTE FUNCTION zone_reaches_back();

-- The next tag of a wearer goes on where the one before ended.
CREATE FUNCTION fitting_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fittings f WHERE f.wearer_id = NEW.wearer_id AND f.fitting_id <> NEW.fitting_id) THEN
        INSERT INTO judging_requests (wearer_id, from_at, cause) VALUES (NEW.wearer_id, lower(NEW.period), facts_cause('tag exchanged'));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fitting_goes_on AFTER INSERT ON fittings FOR EACH ROW EXECUTE FUNCTION fitting_goes_on();

-- A removal recorded after it happened: what was found since is not the wearer's.
CREATE FUNCTION removal_reaches_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT upper_inf(NEW.period) AND upper(NEW.period) IS DISTINCT FROM upper(OLD.period) THEN
        INSERT INTO judging_requests (wearer_id, from_at, cause)
        VALUES (NEW.wearer_id, greatest(upper(NEW.period) - interval '1 millisecond', lower(NEW.period)), facts_cause('tag removed'));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER removal_reaches_back AFTER UPDATE ON fittings FOR EACH ROW EXECUTE FUNCTION removal_reaches_back();

-- A request is a fact for the shard that judges the wearer.
CREATE TRIGGER facts_begin BEFORE INSERT ON judging_requests FOR EACH STATEMENT EXECUTE FUNCTION facts_begin();
CREATE TRIGGER facts_insert AFTER INSERT ON judging_requests REFERENCING NEW TABLE AS rows_after
    FOR EACH STATEMENT EXECUTE FUNCTION facts_changed('wearers', 'wearer_id');

ALTER TABLE alerts
    ADD COLUMN restored_at bigint,
    ADD COLUMN corrected_because text;
ALTER TABLE alert_events
    ADD COLUMN restored_at bigint,
    ADD COLUMN corrected_because text,
    DROP CONSTRAINT alert_events_kind_check,
    ADD CHECK (kind IN ('opened', 'ended', 'acknowledged', 'corrected', 'restored', 'attached'));
-- Alerts of a wearer from an instant on.
CREATE INDEX alerts_ended ON alerts (ended_at);
