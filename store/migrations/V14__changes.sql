-- What was asked for under a key is done once, however often it is asked for: a double click, a line that broke before the answer.
CREATE TABLE changes_done (
    who       text NOT NULL,
    key       text NOT NULL,
    act       text NOT NULL,
    digest    bytea NOT NULL CHECK (octet_length(digest) = 32), -- of the request
    result_id bigint, -- the number of what came about; NULL only within its own transaction
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (who, key)
);
CREATE INDEX changes_done_at ON changes_done (at);
