//! What is at `/`: what this is, and where its documentation lies.

use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

/// The page for people who look, and the same as JSON for programs. `prefix` is before every path of the API.
pub fn page(headers: &HeaderMap, prefix: &str) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (docs, document) = (format!("{prefix}/docs"), format!("{prefix}/openapi.json"));
    if accepts.contains("text/html") {
        return Html(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>agentd</title></head>\n<body>\n\
             <h1>agentd</h1>\n<p>Answers customers' questions from a business's own documents.</p>\n<ul>\n\
             <li><a href=\"{docs}\">Documentation of the API</a></li>\n\
             <li><a href=\"{document}\">OpenAPI document</a></li>\n<li><a href=\"{prefix}/health\">Health</a></li>\n\
             </ul>\n</body>\n</html>\n"
        ))
        .into_response();
    }
    let health = format!("{prefix}/health");
    Json(json!({ "name": "agentd", "docs": docs, "openapi": document, "health": health })).into_response()
}
