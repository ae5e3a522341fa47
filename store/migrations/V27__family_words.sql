-- The first words of all families' names: whoever types the middle of one is led to those who bear it (docs/decisions/search.md). A word may stand here twice,
-- and one that nobody bears any more stays: neither does harm. Without a unique index no two imports wait for each other.
CREATE TABLE family_words (word text COLLATE "C" NOT NULL);
CREATE INDEX family_words_word ON family_words (word);
CREATE INDEX family_words_parts ON family_words USING gin (word gin_trgm_ops);

CREATE FUNCTION family_words_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO family_words (word)
        SELECT DISTINCT split_part(w.sort_name, ' ', 1) FROM written w
        WHERE w.sort_name <> '' AND NOT EXISTS (SELECT FROM family_words f WHERE f.word = split_part(w.sort_name, ' ', 1) COLLATE "C");
    RETURN NULL;
END $$;
INSERT INTO family_words (word) SELECT DISTINCT split_part(sort_name, ' ', 1) COLLATE "C" FROM wearers WHERE sort_name <> '';
CREATE TRIGGER family_words_opened AFTER INSERT ON wearers REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION family_words_keep();
CREATE TRIGGER family_words_changed AFTER UPDATE ON wearers REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION family_words_keep();
