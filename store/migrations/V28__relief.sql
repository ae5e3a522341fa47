-- Price classes, waivers and required deposits (decisions D22, D37): what was granted, by which decision, who found it and who approved.

CREATE TABLE billing_reliefs (
    relief_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wearer_id       bigint NOT NULL REFERENCES wearers,
    kind            text NOT NULL CHECK (kind IN ('class', 'waiver', 'deposit')),
    fact_id         bigint UNIQUE REFERENCES billing_facts, -- what it does to the books; of a deposit that is in `deposit_requirements`
    authority       text NOT NULL CHECK (authority <> ''),
    decision_number text NOT NULL CHECK (decision_number <> ''),
    decision_date   date NOT NULL,
    found_by        text NOT NULL CHECK (found_by <> ''), -- who found that the person cannot pay, or what the deposit must be
    proposed_by     text NOT NULL,
    approved_by     text NOT NULL CHECK (approved_by <> proposed_by),
    at              timestamptz NOT NULL, -- of the approval
    CHECK ((kind = 'deposit') = (fact_id IS NULL))
);
CREATE INDEX billing_reliefs_wearer ON billing_reliefs (wearer_id);

-- What the authority requires as a deposit. The newest counts; one of 0 says that nothing is required any more.
CREATE TABLE deposit_requirements (
    relief_id   bigint PRIMARY KEY REFERENCES billing_reliefs,
    wearer_id   bigint NOT NULL REFERENCES wearers,
    order_id    bigint NOT NULL REFERENCES orders, -- in force then
    regime      text NOT NULL CHECK (regime IN ('tag', 'house')), -- of the order then: it decides the ceiling
    amount      bigint NOT NULL CHECK (amount >= 0), -- rials
    recorded_at timestamptz NOT NULL -- since when it is required
);
CREATE INDEX deposit_requirements_wearer ON deposit_requirements (wearer_id, relief_id);

CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_reliefs FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
CREATE TRIGGER billing_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON deposit_requirements FOR EACH STATEMENT EXECUTE FUNCTION billing_stays();
