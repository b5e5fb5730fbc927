//! The page's own files, embedded: nothing is built, installed or fetched from elsewhere.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// Embeds a file of `page/`.
macro_rules! embedded {
    ($($kind:ident $name:literal),+ $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("page/", $name)))),+]
    };
}

/// Name, type and text of each.
const FILES: &[(&str, &str, &str)] = embedded![
    HTML "index.html",
    CSS "style.css",
    JS "acl.js",
    JS "acls.js",
    JS "app.js",
    JS "detail.js",
    JS "dom.js",
    JS "field.js",
    JS "group.js",
    JS "groups.js",
    JS "keys.js",
    JS "lag.js",
    JS "lanes.js",
    JS "live.js",
    JS "net.js",
    JS "pages.js",
    JS "problem.js",
    JS "rebalances.js",
    JS "records.js",
    JS "route.js",
    JS "search.js",
    JS "topic.js",
    JS "topics.js",
    JS "words.js",
];

pub(super) async fn index() -> Response {
    named("index.html")
}

pub(super) async fn file(Path((_token, name)): Path<(String, String)>) -> Response {
    named(&name)
}

fn named(name: &str) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => ([(CONTENT_TYPE, *kind)], *text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded_and_reaches_nowhere() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/ui/page");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(FILES.iter().any(|(known, ..)| *known == name), "{name} is not served");
        }
        for (name, _, text) in FILES {
            let foreign =
                text.match_indices("://").map(|(at, _)| &text[at.saturating_sub(5)..text.len().min(at + 40)]);
            let foreign: Vec<&str> = foreign.filter(|link| !link.contains("www.w3.org/2000/svg")).collect();
            assert!(foreign.is_empty(), "{name}: {foreign:?}");
            for unsafe_word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
                assert!(!text.contains(unsafe_word), "{name} uses {unsafe_word}");
            }
        }
    }
}
