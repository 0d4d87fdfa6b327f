//! Checks every answer against `/openapi.json`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

/// The OpenAPI document of the server, with the validators that were built from it so far.
pub struct Contract {
    document: Value,
    validators: Mutex<HashMap<ResponseKey, Option<Arc<Validator>>>>,
}

/// Method, path and status.
type ResponseKey = (String, String, u16);

impl Contract {
    /// A contract from an OpenAPI document.
    pub fn new(document: Value) -> Self {
        Self {
            document,
            validators: Mutex::default(),
        }
    }

    /// Checks an answer. A path that the document does not list passes.
    ///
    /// # Panics
    /// When the document lists another schema for the answer, or does not list its status.
    pub fn check(&self, method: &str, path: &str, status: u16, body: &Value) {
        let path = if path.ends_with('/') {
            path.to_owned()
        } else {
            format!("{path}/")
        };
        let Some(validator) = self.validator(method, &path, status) else {
            return;
        };
        if let Err(error) = validator.validate(body) {
            panic!("{method} {path} answered {status} {body}, against the document: {error}");
        }
    }

    fn validator(&self, method: &str, path: &str, status: u16) -> Option<Arc<Validator>> {
        let key = (method.to_owned(), path.to_owned(), status);
        let mut validators = self.validators.lock().unwrap();
        validators
            .entry(key)
            .or_insert_with(|| self.build(method, path, status))
            .clone()
    }

    fn build(&self, method: &str, path: &str, status: u16) -> Option<Arc<Validator>> {
        let operations = self.document.get("paths")?.get(path)?;
        // A GET that changes state accepts POST too; the document lists it under GET only.
        let operation = operations.get(method).or_else(|| operations.get("get"))?;
        let responses = operation.get("responses")?;
        let class = format!("{}XX", status / 100);
        let response = responses
            .get(status.to_string())
            .or_else(|| responses.get(&class))
            .unwrap_or_else(|| {
                panic!("{method} {path} answered {status}, which the document does not list")
            });
        let schema = response.pointer("/content/application~1json/schema")?;
        let dialect = "https://json-schema.org/draft/2020-12/schema";
        let mut with_components = json!({"$schema": dialect, "allOf": [schema]});
        with_components["components"] = self.document["components"].clone();
        Some(Arc::new(
            jsonschema::validator_for(&with_components).unwrap(),
        ))
    }
}
