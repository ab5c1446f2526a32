SELECT id, fruit, color, revision FROM fruits WHERE id = :id;
