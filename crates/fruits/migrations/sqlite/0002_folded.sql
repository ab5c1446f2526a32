-- The texts without their case, for lists that are filtered and sorted by them. SQLite's own NOCASE knows ASCII
-- alone, so the service folds. They may be null, for programs that do not know them: the service fills them
-- when it opens the file. Each index ends with the row's id, as every one of SQLite's does, which makes it the
-- order of a list too.
ALTER TABLE fruits ADD COLUMN fruit_folded TEXT;
ALTER TABLE fruits ADD COLUMN color_folded TEXT;
CREATE INDEX fruits_by_fruit ON fruits (fruit_folded);
CREATE INDEX fruits_by_color ON fruits (color_folded);
