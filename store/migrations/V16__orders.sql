-- Judicial decisions that put a wearer under monitoring. What is known of one are facts, each with when it holds from and when it was recorded;
-- none is ever edited, a wrong one is cancelled.
CREATE TABLE orders (
    order_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id  bigint NOT NULL REFERENCES wearers,
    -- one more with each fact and each cancellation: what a change says it is a change of
    version    bigint NOT NULL DEFAULT 1,
    -- the file that it was recorded under, if that was merged into the wearer's while it was in force
    moved_from bigint REFERENCES wearers CHECK (moved_from <> wearer_id)
);
CREATE INDEX orders_wearer ON orders (wearer_id);

CREATE TABLE order_facts (
    fact_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id        bigint NOT NULL REFERENCES orders,
    version         integer NOT NULL CHECK (version > 0), -- within the order, as they were recorded
    kind            text NOT NULL CHECK (kind IN ('new', 'variation', 'suspension', 'resumption', 'revocation', 'end')),
    at              timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    recorded_by     text NOT NULL,
    -- the decision that says so
    authority       text NOT NULL CHECK (authority <> ''),
    decision_number text NOT NULL CHECK (decision_number <> ''),
    decision_date   date NOT NULL,
    -- of a new order and a variation: how it is from then on, whole
    legal_basis     text CHECK (legal_basis IN ('ipc_62', 'cpc_553', 'cpc_217', 'bylaw_191', 'other')),
    regime          text CHECK (regime IN ('tag', 'house')),
    zone_degree     smallint CHECK (zone_degree BETWEEN 1 AND 3), -- of the regime tag
    planned_end     date, -- the last day, Tehran; NULL = none was set
    -- of a suspension: hospital, prison, other
    cause           text CHECK (cause IN ('hospital', 'prison', 'other')),
    note            text NOT NULL DEFAULT '',
    cancelled_at    timestamptz,
    cancelled_by    text,
    cancel_reason   text,
    UNIQUE (order_id, version),
    CHECK ((kind = 'new') = (version = 1)),
    CHECK ((kind IN ('new', 'variation')) = (regime IS NOT NULL) AND (regime IS NULL) = (legal_basis IS NULL)),
    CHECK (planned_end IS NULL OR regime IS NOT NULL),
    CHECK (zone_degree IS NULL OR regime = 'tag'),
    CHECK ((kind = 'suspension') = (cause IS NOT NULL)),
    CHECK ((cancelled_at IS NULL) = (cancelled_by IS NULL) AND (cancelled_at IS NULL) = (cancel_reason IS NULL))
);

-- When each order is in force, derived from its facts: from its beginning to its revocation or end, suspensions included. A planned end ends
-- nothing by itself: who stops watching somebody says so.
CREATE TABLE order_spans (
    order_id  bigint PRIMARY KEY REFERENCES orders,
    wearer_id bigint NOT NULL REFERENCES wearers,
    period    tstzrange NOT NULL,
    -- the earliest planned end that any of its facts set: none is overdue before it
    earliest_end date,
    CONSTRAINT a_wearer_has_one_order_in_force EXCLUDE USING gist (wearer_id WITH =, period WITH &&)
);
CREATE INDEX order_spans_wearer ON order_spans (wearer_id);
CREATE INDEX order_spans_overdue ON order_spans (earliest_end) WHERE upper_inf(period);

CREATE FUNCTION order_span_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz;
    until timestamptz;
    earliest date;
BEGIN
    SELECT min(at) FILTER (WHERE kind = 'new'), min(at) FILTER (WHERE kind IN ('revocation', 'end')), min(planned_end) INTO since, until, earliest
    FROM order_facts WHERE order_id = NEW.order_id AND cancelled_at IS NULL;
    DELETE FROM order_spans WHERE order_id = NEW.order_id;
    IF since IS NOT NULL THEN
        INSERT INTO order_spans (order_id, wearer_id, period, earliest_end)
            SELECT order_id, wearer_id, tstzrange(since, CASE WHEN until IS NOT NULL THEN greatest(since, until) END), earliest
            FROM orders WHERE order_id = NEW.order_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER order_span_follows AFTER INSERT OR UPDATE ON order_facts FOR EACH ROW EXECUTE FUNCTION order_span_follows();

-- An order that goes on in another file takes its span with it, or stays where it is.
CREATE FUNCTION order_span_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_spans SET wearer_id = NEW.wearer_id WHERE order_id = NEW.order_id;
    RETURN NULL;
END $$;
CREATE TRIGGER order_span_moves AFTER UPDATE OF wearer_id ON orders FOR EACH ROW EXECUTE FUNCTION order_span_moves();

-- The order in force at an instant, and how it is then.
CREATE FUNCTION order_in_force(wearer bigint, instant timestamptz)
RETURNS TABLE (order_id bigint, regime text, zone_degree smallint, legal_basis text, planned_end date, is_suspended boolean) LANGUAGE sql STABLE AS $$
    SELECT s.order_id, terms.regime, terms.zone_degree, terms.legal_basis, terms.planned_end,
        coalesce((SELECT f.kind = 'suspension' FROM order_facts f WHERE f.order_id = s.order_id AND f.cancelled_at IS NULL
            AND f.kind IN ('suspension', 'resumption') AND f.at <= instant ORDER BY f.at DESC, f.version DESC LIMIT 1), false)
    FROM order_spans s CROSS JOIN LATERAL (
        SELECT f.regime, f.zone_degree, f.legal_basis, f.planned_end FROM order_facts f
        WHERE f.order_id = s.order_id AND f.cancelled_at IS NULL AND f.kind IN ('new', 'variation') AND f.at <= instant
        ORDER BY f.at DESC, f.version DESC LIMIT 1
    ) AS terms
    WHERE s.wearer_id = wearer AND s.period @> instant
$$;

-- How far from the residence building a zone of a degree reaches at most (directive of 1401/05/29), metres. Dated, because directives change.
CREATE TABLE zone_degrees (
    degree     smallint NOT NULL CHECK (degree BETWEEN 1 AND 3),
    distance_m integer NOT NULL CHECK (distance_m > 0),
    valid_from date NOT NULL,
    PRIMARY KEY (degree, valid_from)
);
INSERT INTO zone_degrees (degree, distance_m, valid_from) VALUES (1, 200, '1900-01-01'), (2, 500, '1900-01-01'), (3, 1000, '1900-01-01');
