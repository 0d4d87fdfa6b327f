//! Where a form may lead.

/// The path, when it leads to a page of the console; else the start.
pub(crate) fn local_path(path: &str) -> &str {
    let is_local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if is_local && path.bytes().all(|byte| byte.is_ascii_graphic()) {
        path
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_console_are_gone_to() {
        assert_eq!(local_path("/users?q=a"), "/users?q=a");
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nb",
        ] {
            assert_eq!(local_path(foreign), "/", "{foreign}");
        }
    }
}
