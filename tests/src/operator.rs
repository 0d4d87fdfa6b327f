//! What operators change: configs, and who they are.

use qlive_store::audit_log::Operator;

use crate::test_app::TestApp;

/// The operator of tests.
pub(crate) fn operator() -> Operator {
    named_operator("test")
}

/// An operator with this name.
pub fn named_operator(name: &str) -> Operator {
    Operator::new(name, "a test").unwrap()
}

impl TestApp {
    /// The operator of tests.
    pub fn operator(&self) -> Operator {
        operator()
    }

    /// Sets a config.
    pub async fn set_config(&self, key: &str, value: &str) {
        let (key, value) = (key.to_owned(), value.to_owned());
        let configs = &self.services.configs;
        configs.set(operator(), key, value).await.unwrap();
    }
}
