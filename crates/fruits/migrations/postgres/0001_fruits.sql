-- The catalogue. The largest id is 2^53 - 1: the largest whole number that every JSON reader keeps exact. A sequence
-- gives each id once, whatever becomes of the transaction that asked for it, and may leave gaps.
CREATE SEQUENCE fruits_ids MAXVALUE 9007199254740991;
-- The folded texts are what lists are filtered and sorted by: the text without its case, which the service makes.
-- "C" orders them by their code points, on every server alike.
CREATE TABLE fruits (
    id bigint DEFAULT nextval('fruits_ids')
        CONSTRAINT fruits_id_unique PRIMARY KEY
        CONSTRAINT fruits_id_range CHECK (id BETWEEN 1 AND 9007199254740991),
    fruit text NOT NULL
        CONSTRAINT fruits_fruit_length CHECK (char_length(fruit) BETWEEN 1 AND 100),
    color text NOT NULL
        CONSTRAINT fruits_color_length CHECK (char_length(color) BETWEEN 1 AND 100),
    fruit_folded text COLLATE "C" NOT NULL,
    color_folded text COLLATE "C" NOT NULL,
    revision bigint NOT NULL DEFAULT 1
);
ALTER SEQUENCE fruits_ids OWNED BY fruits.id;
-- Each ends with the id, which makes it the order of a list too.
CREATE INDEX fruits_by_fruit ON fruits (fruit_folded, id);
CREATE INDEX fruits_by_color ON fruits (color_folded, id);
