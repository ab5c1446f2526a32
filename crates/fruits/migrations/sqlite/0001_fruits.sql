-- The catalogue. AUTOINCREMENT keeps an id from being handed out twice, even after its fruit is gone.
-- The largest id is 2^53 - 1: the largest whole number that every JSON reader keeps exact.
CREATE TABLE fruits (
    id INTEGER PRIMARY KEY AUTOINCREMENT
        CONSTRAINT fruits_id_range CHECK (id BETWEEN 1 AND 9007199254740991),
    fruit TEXT NOT NULL
        CONSTRAINT fruits_fruit_length CHECK (length(fruit) BETWEEN 1 AND 100),
    color TEXT NOT NULL
        CONSTRAINT fruits_color_length CHECK (length(color) BETWEEN 1 AND 100)
) STRICT;
