//! [`Input`]: the fields of a form that was sent.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::rt::time::timeout;
use actix_web::web::Form;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use secrecy::SecretString;

use super::failure::Failure;

/// The largest form, in bytes.
pub(crate) const FORM_LIMIT: usize = 64 * 1024;
/// How long a form may take to arrive.
const RECEIVE_LIMIT: Duration = Duration::from_secs(10);

/// The fields of a form.
#[derive(Default)]
pub(crate) struct Input(BTreeMap<String, String>);

impl Input {
    /// The value of a field without spaces around it; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// The value of a field as it was typed.
    pub(crate) fn secret(&self, name: &str) -> SecretString {
        let value = self.0.get(name).map_or("", String::as_str);
        value.to_owned().into()
    }

    /// All fields but these, as they were typed.
    pub(crate) fn without(&self, names: &[&str]) -> Vec<(String, String)> {
        let others = self
            .0
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()));
        others
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Whether a field was sent.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl FromIterator<(String, String)> for Input {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl FromRequest for Input {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = Form::<Vec<(String, String)>>::from_request(request, payload);
        async move {
            let read = timeout(RECEIVE_LIMIT, form).await;
            let read = read.map_err(|_elapsed| Failure::BadRequest)?;
            let fields = read
                .map_err(|_unreadable| Failure::BadRequest)?
                .into_inner();
            // No text has such a character, and a database refuses it.
            if fields.iter().any(|(_, value)| value.contains('\0')) {
                return Err(Failure::BadRequest);
            }
            Ok(fields.into_iter().collect())
        }
        .boxed_local()
    }
}
