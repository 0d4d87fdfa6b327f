//! What holds for every row of the table.

use super::*;

#[test]
fn access_of_every_row_is_that_of_its_handler() {
    for operation in OPERATIONS {
        let endpoint = (operation.endpoint)();
        assert_eq!(operation.access, endpoint.access, "{}", operation.name);
    }
}

#[test]
fn get_that_changes_state_is_never_cached() {
    for operation in OPERATIONS {
        if matches!(operation.method, GetOrPost | ChangingGet) {
            assert_eq!(operation.caching, NoStore, "{}", operation.name);
        }
    }
}

#[test]
fn only_lists_that_are_the_same_for_every_user_may_be_cached() {
    let cached = OPERATIONS.iter().filter(|row| row.caching == Unspecified);
    let names: Vec<_> = cached.map(|row| row.name).collect();
    assert_eq!(
        names,
        ["get_configs", "get_livelist", "get_gifts", "get_blocks"]
    );
}

#[test]
fn every_row_has_a_name_a_path_and_a_handler_of_its_own() {
    for (number, operation) in OPERATIONS.iter().enumerate() {
        assert!(!operation.name.is_empty() && !operation.summary.is_empty());
        assert!(operation.path.ends_with('/'), "{}", operation.name);
        for other in &OPERATIONS[..number] {
            assert_ne!(operation.name, other.name);
            let is_same = operation.path == other.path && operation.method == other.method;
            assert!(!is_same, "{} and {}", operation.name, other.name);
        }
    }
}
