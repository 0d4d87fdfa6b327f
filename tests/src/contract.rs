//! Holds every answer against `/openapi.json`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

/// The server's own document, and the validators made of it so far.
pub struct Contract {
    document: Value,
    validators: Mutex<HashMap<Key, Option<Arc<Validator>>>>,
}

/// Method, path and status.
type Key = (String, String, u16);

impl Contract {
    pub fn new(document: Value) -> Self {
        Self {
            document,
            validators: Mutex::default(),
        }
    }

    /// Panics when the document says something else about this answer.
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
            panic!("{method} {path} answered {status} {body}, but the document says: {error}");
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
        // The GETs that change state answer POST too; the document names them once.
        let operation = operations.get(method).or_else(|| operations.get("get"))?;
        let responses = operation.get("responses")?;
        let class = format!("{}XX", status / 100);
        let response = responses
            .get(status.to_string())
            .or_else(|| responses.get(&class));
        let response = response.unwrap_or_else(|| {
            panic!("{method} {path} answered {status}, which the document does not know")
        });
        let schema = response.pointer("/content/application~1json/schema")?;
        let mut whole =
            json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema]});
        whole["components"] = self.document["components"].clone();
        Some(Arc::new(jsonschema::validator_for(&whole).unwrap()))
    }
}
