-- The inventory: every tag, where it is and who answers for it. Beside `tags`, because nothing of this concerns the judgement.
CREATE TABLE tag_inventory (
    tag_id     bigint PRIMARY KEY REFERENCES tags,
    version    bigint NOT NULL DEFAULT 1,
    serial     text UNIQUE CHECK (serial <> ''),
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
