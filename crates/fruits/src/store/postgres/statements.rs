//! Every SQL statement of the catalogue but those of lists and of the schema, and the rows that they answer.

use tokio_postgres::Row;

use crate::domain::{Color, Fruit, FruitId, FruitName, Revision};

pub(super) const FRUIT_BY_ID: &str = "SELECT id, fruit, color, revision FROM fruits WHERE id = $1";

/// Adds fruits, gives each the next id, and answers those in the order of the fruits.
pub(super) const INSERT_FRUITS: &str = "INSERT INTO fruits (fruit, color, fruit_folded, color_folded)
    SELECT fruit, color, fruit_folded, color_folded
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
        WITH ORDINALITY AS added (fruit, color, fruit_folded, color_folded, place)
    ORDER BY place
    RETURNING id";

/// Adds fruits under the ids that they want, and answers those that were free. In the order of the ids, so that two
/// of them that want the same ones wait for each other and not crosswise.
pub(super) const INSERT_CHOSEN_FRUITS: &str =
    "INSERT INTO fruits (id, fruit, color, fruit_folded, color_folded)
    SELECT id, fruit, color, fruit_folded, color_folded
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
        WITH ORDINALITY AS added (id, fruit, color, fruit_folded, color_folded, place)
    WHERE NOT EXISTS (SELECT FROM fruits_retired_ids AS retired WHERE retired.id = added.id)
    ORDER BY id, place
    ON CONFLICT (id) DO NOTHING
    RETURNING id";

/// Moves the sequence past this id. A short way is gone step by step, which other processes may do at the same time;
/// only a long one is jumped, which could take the sequence back behind what another process does in that moment. Then
/// it gives ids that are taken or retired: those adds are refused by the schema, and tried again behind all others.
pub(super) const ADVANCE_IDS: &str = "SELECT CASE
        WHEN steps <= 0 THEN 0
        WHEN steps <= 1000 THEN (SELECT max(nextval('fruits_ids')) FROM generate_series(1, steps))
        ELSE setval('fruits_ids', $1)
    END
    FROM (SELECT $1 - CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS steps
        FROM fruits_ids) AS way";

/// The largest id that was ever given.
pub(super) const LAST_ID: &str = "SELECT greatest(
    (SELECT max(id) FROM fruits), (SELECT max(id) FROM fruits_retired_ids), 0)";

pub(super) const FRUIT_TO_CHANGE: &str =
    "SELECT id, fruit, color, revision FROM fruits WHERE id = $1 FOR UPDATE";
pub(super) const UPDATE_FRUIT: &str = "UPDATE fruits
    SET fruit = $2, color = $3, revision = $4, fruit_folded = $5, color_folded = $6 WHERE id = $1";
/// A trigger retires its id.
pub(super) const DELETE_FRUIT: &str = "DELETE FROM fruits WHERE id = $1 RETURNING id, fruit, color, revision";

/// Holds the key until the end of the transaction, if nobody else does.
pub(super) const HOLD_KEY: &str = "SELECT pg_try_advisory_xact_lock($1)";
pub(super) const KEPT_ANSWER: &str = "SELECT request, answer FROM fruits_idempotency_keys
    WHERE key = $1 AND kept_at > now() - interval '24 hours'";
/// A few of the old ones go with each that is kept: the table shrinks faster than it grows, and no add has to wait for
/// a long clean-up, nor for that of another process.
pub(super) const KEEP_ANSWER: &str = "WITH old AS (
        SELECT key FROM fruits_idempotency_keys WHERE kept_at <= now() - interval '24 hours' AND key <> $1
        ORDER BY kept_at LIMIT 100 FOR UPDATE SKIP LOCKED
    ), forgotten AS (
        DELETE FROM fruits_idempotency_keys WHERE key IN (SELECT key FROM old)
    )
    INSERT INTO fruits_idempotency_keys (key, request, answer) VALUES ($1, $2, $3)
    ON CONFLICT (key) DO UPDATE SET request = excluded.request, answer = excluded.answer, kept_at = now()";

/// Whether the server takes writes, and how many steps its schema has.
pub(super) const READY: &str = "SELECT current_setting('transaction_read_only') = 'on',
    (SELECT count(*) FROM fruits_migrations)";

/// What a server needs to be granted and lacks, in one text; null if that is nothing.
pub(super) const MISSING_RIGHTS: &str = "SELECT string_agg(need, ', ') FROM (
        SELECT format('%s on %s', privilege, relation) AS need,
            CASE relation WHEN 'fruits_ids' THEN has_sequence_privilege(relation, privilege)
                ELSE has_table_privilege(relation, privilege) END AS granted
        FROM (VALUES
            ('fruits', 'SELECT'), ('fruits', 'INSERT'), ('fruits', 'UPDATE'), ('fruits', 'DELETE'),
            ('fruits_ids', 'USAGE'), ('fruits_ids', 'SELECT'), ('fruits_ids', 'UPDATE'),
            ('fruits_retired_ids', 'SELECT'), ('fruits_retired_ids', 'INSERT'),
            ('fruits_idempotency_keys', 'SELECT'), ('fruits_idempotency_keys', 'INSERT'),
            ('fruits_idempotency_keys', 'UPDATE'), ('fruits_idempotency_keys', 'DELETE'),
            ('fruits_migrations', 'SELECT')
        ) AS needs (relation, privilege)
    ) AS rights WHERE NOT granted";

/// Columns in the order of the selects above. What does not parse was not written by this service.
pub(super) fn fruit(row: &Row) -> Result<Fruit, tokio_postgres::Error> {
    Ok(Fruit {
        id: row.try_get::<_, StoredId>(0)?.0,
        fruit: FruitName::stored(row.try_get(1)?),
        color: Color::stored(row.try_get(2)?),
        revision: Revision::stored(row.try_get(3)?),
    })
}

/// An id in a row, judged where it is read.
pub(super) struct StoredId(pub(super) FruitId);

impl<'a> tokio_postgres::types::FromSql<'a> for StoredId {
    fn from_sql(
        kind: &tokio_postgres::types::Type,
        bytes: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(FruitId::new(i64::from_sql(kind, bytes)?)?))
    }

    fn accepts(kind: &tokio_postgres::types::Type) -> bool {
        i64::accepts(kind)
    }
}
