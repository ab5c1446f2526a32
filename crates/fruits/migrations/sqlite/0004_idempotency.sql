-- What adds with an Idempotency-Key were answered, kept in the transaction that made them. `request` is the SHA-256
-- of the request's body, `answer` the fruits as they were added, in JSON; `kept_at` is in seconds since 1970.
CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY,
    request BLOB NOT NULL,
    answer TEXT NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (kept_at);
