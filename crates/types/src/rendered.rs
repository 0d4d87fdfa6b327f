//! [`Rendered`]: the answer made of a value that many requests share.

use std::sync::OnceLock;

use bytes::Bytes;

/// The bytes of the answer that is made of a value: made by the first request, shared by the
/// others. It lives beside the value, so it cannot be of another one.
#[derive(Debug, Default)]
pub struct Rendered(OnceLock<Bytes>);

impl Rendered {
    /// The answer. `render` makes it, unless it was made before.
    ///
    /// # Errors
    /// The error of `render`; the next request tries again.
    pub fn get_or_render<E>(
        &self,
        render: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Bytes, E> {
        if let Some(rendered) = self.0.get() {
            return Ok(rendered.clone());
        }
        let rendered = Bytes::from(render()?);
        Ok(self.0.get_or_init(|| rendered).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_made_once_and_a_failure_is_not_kept() {
        let rendered = Rendered::default();
        assert_eq!(rendered.get_or_render(|| Err("failed")), Err("failed"));
        let first = rendered.get_or_render(|| Ok::<_, &str>(b"one".to_vec()));
        let second = rendered.get_or_render(|| Ok::<_, &str>(b"two".to_vec()));
        assert_eq!((first, second), (Ok("one".into()), Ok("one".into())));
    }
}
