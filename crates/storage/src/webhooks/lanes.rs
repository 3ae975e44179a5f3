//! Lanes: an endpoint's attempts are made by whoever holds its lease.
