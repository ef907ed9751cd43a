//! The OpenAPI document: what the routes say of themselves, and what is true of all of them.
//!
//! Paths, bodies and answers are generated from the handlers. Who may call a route, and the problems
//! any route of its kind can answer with, are added here, so that no handler has to repeat them.

use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Content, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, Response, SecurityRequirement, Server,
};

use crate::access::{API_KEY, Access};
use crate::response::PROBLEM_JSON;

/// Extension of an operation that names the permission it needs.
pub const PERMISSION: &str = "x-permission";

const BEARER: &str = "bearer";
const KEY: &str = "apiKey";

/// The document before any route is in it.
pub fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("agentd")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Customer-service agents that answer from a business's own documents. Errors are problem details \
             (RFC 9457) with a stable `code`.",
        ))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// What is true of the whole document, once all routes are in it.
pub fn finish(mut document: OpenApi, prefix: &str) -> OpenApi {
    document.servers = Some(vec![Server::new(if prefix.is_empty() { "/" } else { prefix })]);
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    let key = ApiKey::Header(ApiKeyValue::new(API_KEY));
    components.add_security_scheme(KEY, SecurityScheme::ApiKey(key));
    document
}

/// Adds to the routes of `document` who may call them and which problems they can answer with.
pub fn declare(document: &mut OpenApi, access: Access) {
    for item in document.paths.paths.values_mut() {
        for (operation, has_body_method) in operations(item) {
            secure(operation, access);
            for (status, description) in problems(operation, access, has_body_method) {
                operation
                    .responses
                    .responses
                    .entry(status.to_owned())
                    .or_insert_with(|| problem(description).into());
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    [
        (item.get.as_mut(), false),
        (item.post.as_mut(), true),
        (item.put.as_mut(), true),
        (item.patch.as_mut(), true),
        (item.delete.as_mut(), true),
    ]
    .into_iter()
    .filter_map(|(operation, body)| Some((operation?, body)))
}

fn secure(operation: &mut Operation, access: Access) {
    let none: [&str; 0] = [];
    operation.security = match access {
        Access::Open => Some(Vec::new()),
        Access::Person => Some(vec![SecurityRequirement::new(BEARER, none)]),
        Access::Needs(_) => {
            Some(vec![SecurityRequirement::new(BEARER, none), SecurityRequirement::new(KEY, none)])
        }
    };
    if let Access::Needs(permission) = access {
        let own = [(PERMISSION, permission.name())];
        operation.extensions.get_or_insert_default().merge(own.into_iter().collect());
    }
}

/// Every problem an operation of this kind can answer with.
fn problems(operation: &Operation, access: Access, changes: bool) -> Vec<(&'static str, &'static str)> {
    let mut problems = vec![
        ("400", "The request is malformed or breaks a rule"),
        ("429", "Too many requests; `Retry-After` says when to come back"),
        ("500", "A defect on our side"),
        ("503", "Not available right now; `Retry-After` says when to come back"),
    ];
    match access {
        Access::Open => {}
        Access::Person | Access::Needs(_) => {
            problems.push(("401", "Not logged in, or the token or key is not valid"));
            problems.push(("403", "Not allowed"));
        }
    }
    // An id may be in the path, in the query or in the body.
    if operation.parameters.is_some() || operation.request_body.is_some() {
        problems.push(("404", "Nothing of that id"));
    }
    if changes {
        problems.push(("402", "A limit of the plan is reached"));
        problems.push(("409", "It contradicts what is there"));
    }
    if operation.request_body.is_some() {
        problems.push(("403", "Not allowed"));
        problems.push(("401", "Not logged in, or what was sent to prove it is not valid"));
        problems.push(("413", "The body is too large"));
        problems.push(("415", "The body is of a type that is not taken"));
    }
    problems
}

fn problem(description: &str) -> Response {
    let schema = Ref::from_schema_name("ProblemBody");
    ResponseBuilder::new().description(description).content(PROBLEM_JSON, Content::new(Some(schema))).build()
}
