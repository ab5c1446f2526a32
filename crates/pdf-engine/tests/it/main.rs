//! The integration tests of `pdf-engine`, one binary.
