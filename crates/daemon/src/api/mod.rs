//! The REST API: one folder a resource, one file a verb. A file holds its request, its answer, its
//! handler and what the OpenAPI document says of it. Which route leads where, and who may take it, is
//! in `router.rs`.

pub mod admin;
pub mod agents;
pub mod auth;
pub mod billing;
pub mod contacts;
pub mod documents;
pub mod health;
pub mod organizations;
mod page;
pub mod rag;
pub mod users;
pub mod whatsapp;
