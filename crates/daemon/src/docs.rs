//! The OpenAPI document, and Swagger UI to browse it: served from the program itself, so that it works
//! where the internet does not.

mod archive;

use agent_core::Error;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use utoipa::openapi::OpenApi;

use archive::Packed;

use crate::response::{Problem, Reply};

/// What the page may do: run its own scripts and ask this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; frame-ancestors 'none'";

/// Files of Swagger UI that the page needs, and its licence.
const FILES: [(&str, &str, Packed); 4] = [
    ("swagger-ui-bundle.js", "text/javascript", archive::SCRIPT),
    ("swagger-ui.css", "text/css", archive::STYLE),
    ("favicon-32x32.png", "image/png", archive::ICON),
    ("LICENSE", "text/plain", archive::LICENSE),
];

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>agentd API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"#;

const START: &str = "SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', deepLinking: true });\n";

/// The document as it is sent.
#[derive(Clone)]
pub struct Document(Bytes);

impl Document {
    pub fn new(document: &OpenApi) -> Self {
        // A document of our own making serialises.
        let text = document.to_json().unwrap_or_default();
        Self(Bytes::from(text))
    }
}

/// `GET /openapi.json`
pub async fn document(Extension(document): Extension<Document>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.0).into_response()
}

/// `GET /docs`
pub async fn page() -> Response {
    (policy(), Html(PAGE)).into_response()
}

/// `GET /docs/{file}`
pub async fn file(Path(name): Path<String>) -> Reply<Response> {
    if name == "start.js" {
        return Ok(sent("text/javascript", Bytes::from_static(START.as_bytes())));
    }
    if name == "index.html" {
        return Ok(Redirect::permanent("../docs").into_response());
    }
    let known = FILES.iter().find(|(file, ..)| *file == name);
    let missing = || Problem(Error::not_found("there is no such file"));
    let (_, media, packed) = known.copied().ok_or_else(missing)?;
    // Each time anew: the page is opened by a person now and then.
    let file = tokio::task::spawn_blocking(move || packed.unpack())
        .await
        .map_err(|e| Problem(Error::internal("unpacking was cut off").with_source(e)))?;
    let file = file.map_err(|e| Problem(Error::internal("the archive is broken").with_source(e)))?;
    Ok(sent(media, Bytes::from(file)))
}

fn sent(media: &'static str, bytes: Bytes) -> Response {
    let headers = [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, bytes).into_response()
}

fn policy() -> [(HeaderName, HeaderValue); 1] {
    [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))]
}
