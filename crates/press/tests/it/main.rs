//! The integration tests of `press`, one binary.
