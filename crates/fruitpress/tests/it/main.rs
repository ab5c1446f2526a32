//! The integration tests of the binary, one binary.
