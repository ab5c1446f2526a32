//! The integration tests of `chassis`, one binary.
