-- What concerns an area or a tag that nobody registered, and so no wearer.
ALTER TABLE alerts
    ALTER COLUMN wearer_id DROP NOT NULL,
    ALTER COLUMN tag_id DROP NOT NULL,
    ADD COLUMN incident bigint REFERENCES alerts; -- the area's incident that explains this alert
ALTER TABLE alert_events ADD COLUMN incident bigint;
CREATE UNIQUE INDEX alerts_of_no_wearer ON alerts (zone, kind, started_at) WHERE wearer_id IS NULL;

-- Who is in an area's incident: their standing is UNKNOWN while it lasts.
CREATE TABLE incident_members (
    incident  bigint NOT NULL REFERENCES alerts,
    wearer_id bigint NOT NULL REFERENCES wearers,
    joined_at bigint NOT NULL, -- milliseconds since 1970
    left_at   bigint,
    PRIMARY KEY (incident, wearer_id)
);
CREATE INDEX incident_members_now ON incident_members (wearer_id) WHERE left_at IS NULL;
