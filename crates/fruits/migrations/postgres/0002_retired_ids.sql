-- The ids that are gone for good. Whoever adds under one of them waits for the delete to be committed, by the primary
-- key; that is why they are looked for behind the insert and not before it, where they could not be seen yet.
CREATE TABLE fruits_retired_ids (id bigint CONSTRAINT fruits_retired_ids_unique PRIMARY KEY);
CREATE FUNCTION fruits_retire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fruits_retired_ids (id) SELECT id FROM gone ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION fruits_refuse_retired() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN fruits_retired_ids USING (id)) THEN
        RAISE unique_violation USING
            MESSAGE = 'a retired id must not be used again',
            CONSTRAINT = 'fruits_id_retired';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fruits_retire AFTER DELETE ON fruits
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION fruits_retire();
CREATE TRIGGER fruits_refuse_retired AFTER INSERT ON fruits
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION fruits_refuse_retired();
