-- What tells one state of a fruit from the next, and the ids that are gone for good. Triggers keep both true for
-- programs that do not know them: a change without a new revision gets one, and its folded texts are made anew
-- when the service next opens the file.
ALTER TABLE fruits ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
CREATE TABLE retired_ids (id INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER fruits_retire AFTER DELETE ON fruits BEGIN
    INSERT INTO retired_ids (id) VALUES (OLD.id);
END;
CREATE TRIGGER fruits_refuse_retired BEFORE INSERT ON fruits
WHEN EXISTS (SELECT 1 FROM retired_ids WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'fruits_id_retired');
END;
CREATE TRIGGER fruits_revise AFTER UPDATE OF fruit, color ON fruits WHEN NEW.revision = OLD.revision BEGIN
    UPDATE fruits SET revision = OLD.revision + 1, fruit_folded = NULL, color_folded = NULL WHERE id = NEW.id;
END;
