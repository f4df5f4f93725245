//! The tests that need more than one crate: integration, conformance, simulation, tidiness.
//!
//! This library is what they share; the tests themselves are in `tests/tests`, one binary a subject.
//! Clients of other languages (`tests/client`, `tests/browser`) come in through `bin/test-server.rs`.

pub mod support;
