//! The HTTP contract of the API as types: each request and response is a model here, with its JSON
//! schema, its limits and its validation.
//!
//! In scope: what clients send and receive. Out of scope: paths, methods and handlers (the api's table
//! of routes), storage. The api, the command line tools and the OpenAPI document use these types, so
//! no other place names a field.

pub mod actions;
pub mod athletes;
pub mod body_weights;
pub mod channels;
pub mod checks;
pub mod dead_letters;
pub mod exercises;
pub mod health;
pub mod imports;
pub mod keys;
pub mod me;
pub mod notifications;
pub mod page;
pub mod parse;
pub mod patterns;
pub mod pipeline;
pub mod problem;
pub mod progress;
pub mod queues;
pub mod records;
pub mod sets;
pub mod slugs;
pub mod tree;
pub mod values;
pub mod volume;
#[cfg(not(target_arch = "wasm32"))]
pub mod webhook_catalogue;
pub mod webhook_payloads;
pub mod webhooks;
pub mod workouts;

pub use checks::{Checks, FieldCode, FieldError, FieldErrors, Validate};
pub use page::{Cursor, Items, Limit, Page};
pub use parse::{ParseError, json_tree, parse_json, parse_parameters, parse_tree};
pub use problem::{Problem, ProblemCode};
pub use values::{Day, Instant, ReadOnly, Stored, Timestamp, non_null, nullable};
