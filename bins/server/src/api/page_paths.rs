//! The paths of the pages outside the base path. The pages themselves are in `api/pages.rs`.

/// Whether the page at this path belongs to the API explorer.
pub(crate) fn is_explorer_page(path: &str) -> bool {
    path == "/openapi.json" || path == "/docs" || path.starts_with("/docs/")
}

/// Whether the page at this path is for operators only.
pub(crate) fn is_internal_page(path: &str) -> bool {
    path == "/metrics" || is_explorer_page(path)
}

/// Whether the page at this path belongs to the playroom.
pub(crate) fn is_playroom_page(path: &str) -> bool {
    path == "/" || path.starts_with("/playroom/") || path.starts_with("/pictures/")
}
