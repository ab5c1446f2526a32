//! The integration tests of `fruits`, one binary.
