//! The refresh token as a cookie that scripts cannot read and other sites cannot send.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::state::App;

const NAME: &str = "refresh_token";

/// Sets it.
pub fn set(headers: &mut HeaderMap, app: &App, token: &str) {
    let days = app.engine().config().auth.refresh_token_days;
    put(headers, app, token, u64::from(days) * 24 * 60 * 60);
}

/// Takes it back.
pub fn clear(headers: &mut HeaderMap, app: &App) {
    put(headers, app, "", 0);
}

fn put(headers: &mut HeaderMap, app: &App, value: &str, seconds: u64) {
    let prefix = &app.engine().config().server.api_prefix;
    let text =
        format!("{NAME}={value}; Path={prefix}/auth; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict");
    // Tokens are base64url and the prefix was checked: this cannot fail.
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// Reads it.
pub fn get(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == NAME && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}
