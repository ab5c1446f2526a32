//! What only a catalogue in PostgreSQL does: it is shared, it can be away, and it is somebody else's to migrate.

mod credentials;
mod lists;
mod outages;
mod prepare;
mod readiness;
mod schema;
mod shared;
mod transfer;
