-- What adds with an Idempotency-Key were answered, kept in the transaction that made them. `request` is the SHA-256
-- of the request's body, `answer` the fruits as they were added, in JSON.
CREATE TABLE fruits_idempotency_keys (
    key text COLLATE "C" CONSTRAINT fruits_idempotency_keys_unique PRIMARY KEY,
    request bytea NOT NULL,
    answer text NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX fruits_idempotency_keys_by_age ON fruits_idempotency_keys (kept_at);
