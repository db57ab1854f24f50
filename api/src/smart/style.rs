//! `/smart/style/{version}`: how our pages look, so that an application within a chart can look alike. The address names the content: another
//! look has another address, and what was fetched once may be kept.
//!
//! Source: SMART App Launch 2.2, "Styling" (`smart_style_url`, experimental there).

use std::sync::LazyLock;

use axum::Json;
use axum::extract::Path;
use axum::response::IntoResponse as _;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Response;

/// The light theme of the pages (`frontend/src/app/theme`); a test compares them.
static STYLE: LazyLock<(String, Value)> = LazyLock::new(|| {
    let fonts = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
    let style = json!({
        "color_background": "#EAEFF1",
        "color_error": "#B00E2F",
        "color_highlight": "#0B5A78",
        "color_success": "#1C6844",
        "color_text": "#12212A",
        "dim_border_radius": "4px",
        "dim_font_size": "13px",
        "dim_spacing_size": "2px",
        "font_family_body": fonts,
        "font_family_heading": fonts,
    });
    let hash = Sha256::digest(style.to_string());
    (hash.iter().take(8).map(|b| format!("{b:02x}")).collect(), style)
});

/// The path of the style as it is now.
pub(super) fn path() -> String {
    format!("/smart/style/{}", STYLE.0)
}

/// Public: it tells nothing of anybody.
pub(super) async fn style(Path(version): Path<String>) -> Response {
    if version != STYLE.0 {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = Json(&STYLE.1).into_response();
    let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}
