-- The inventory: every tag, where it is and who answers for it. Beside `tags`, because nothing of this concerns the judgement. Which unit answers
-- for a tag now is `tags.unit_id`.
CREATE TABLE tag_inventory (
    tag_id     bigint PRIMARY KEY REFERENCES tags,
    version    bigint NOT NULL DEFAULT 1,
    serial     text CONSTRAINT serial_is_said_once UNIQUE CHECK (serial <> ''),
    protocol   text NOT NULL DEFAULT 'teltonika' CHECK (protocol IN ('native', 'teltonika')),
    model      text NOT NULL DEFAULT '',
    sim_number text NOT NULL DEFAULT '',
    -- while it is on nobody; fitted is who has an open fitting
    state      text NOT NULL DEFAULT 'in_stock' CHECK (state IN ('in_stock', 'returned', 'faulty', 'lost', 'retired')),
    note       text NOT NULL DEFAULT ''
);
CREATE INDEX tag_inventory_state ON tag_inventory (state);
INSERT INTO tag_inventory (tag_id, protocol) SELECT tag_id, CASE WHEN key IS NULL THEN 'teltonika' ELSE 'native' END FROM tags;

CREATE FUNCTION tag_is_inventoried() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tag_inventory (tag_id, protocol) SELECT tag_id, CASE WHEN key IS NULL THEN 'teltonika' ELSE 'native' END FROM rows_after;
    RETURN NULL;
END $$;
CREATE TRIGGER tag_is_inventoried AFTER INSERT ON tags REFERENCING NEW TABLE AS rows_after FOR EACH STATEMENT EXECUTE FUNCTION tag_is_inventoried();
CREATE INDEX tags_unit ON tags (unit_id);

-- What happened to a tag as equipment, and who answered for it from then on. Says nothing of who wears it: the executor's people read it.
CREATE TABLE tag_events (
    event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tag_id      bigint NOT NULL REFERENCES tags,
    kind        text NOT NULL CHECK (kind IN ('registered', 'changed', 'key_set', 'state', 'sent', 'received', 'missing', 'not_sent', 'fitted', 'removed')),
    at          timestamptz NOT NULL,
    by          text NOT NULL,
    unit_id     bigint NOT NULL REFERENCES units, -- answers for it from now on
    state       text NOT NULL CHECK (state IN ('in_stock', 'returned', 'faulty', 'lost', 'retired', 'fitted')), -- from now on
    transfer_id bigint,
    note        text NOT NULL DEFAULT ''
);
CREATE INDEX tag_events_tag ON tag_events (tag_id, event_id);

-- Tags on their way from unit to unit. The sender answers for them until the receiver says that they came.
CREATE TABLE tag_transfers (
    transfer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_unit   bigint NOT NULL REFERENCES units,
    to_unit     bigint NOT NULL REFERENCES units CHECK (to_unit <> from_unit),
    note        text NOT NULL DEFAULT '',
    sent_at     timestamptz NOT NULL,
    sent_by     text NOT NULL,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'received', 'cancelled')),
    closed_at   timestamptz,
    closed_by   text,
    close_note  text NOT NULL DEFAULT '',
    CHECK ((state = 'open') = (closed_at IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL))
);
CREATE INDEX tag_transfers_from ON tag_transfers (from_unit, transfer_id);
CREATE INDEX tag_transfers_to ON tag_transfers (to_unit, transfer_id);
ALTER TABLE tag_events ADD FOREIGN KEY (transfer_id) REFERENCES tag_transfers;

CREATE TABLE tag_transfer_items (
    transfer_id bigint NOT NULL REFERENCES tag_transfers,
    tag_id      bigint NOT NULL REFERENCES tags,
    outcome     text CHECK (outcome IN ('came', 'missing', 'cancelled')), -- NULL while on the way
    PRIMARY KEY (transfer_id, tag_id)
);
CREATE UNIQUE INDEX a_tag_is_on_one_way ON tag_transfer_items (tag_id) WHERE outcome IS NULL;
