//! Passwords: which are accepted, and their hashes.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use qlive_store::OperatorName;
use qlive_types::random;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::OperatorsError;

/// How many hashes are computed at a time. Each takes 19 MiB and some tens of milliseconds.
static HASHES: Semaphore = Semaphore::const_new(2);

/// The hash of no password, in whose place it is verified when there is no account: the answer
/// takes as long as with one.
const NO_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
    $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Checks a new password.
///
/// # Errors
/// [`OperatorsError::BadPassword`].
pub(crate) fn check_new(
    name: &OperatorName,
    password: &SecretString,
) -> Result<(), OperatorsError> {
    let text = password.expose_secret();
    let length = text.chars().count();
    let has_length =
        (OperatorsError::MIN_PASSWORD..=OperatorsError::MAX_PASSWORD).contains(&length);
    let is_name = OperatorName::parse(text).is_ok_and(|parsed| parsed == *name);
    if has_length && !is_name {
        Ok(())
    } else {
        Err(OperatorsError::BadPassword)
    }
}

/// The hash of a password, with a new salt: argon2id with 19 MiB, two passes and one lane, the
/// first choice of OWASP's "Password Storage Cheat Sheet".
///
/// # Errors
/// When memory is short.
pub(crate) async fn hash(password: SecretString) -> Result<String, OperatorsError> {
    on_blocking_pool(move || {
        let salt = hex::decode(random::hex(16)).map_err(hashing)?;
        let hash: PasswordHash = Argon2::default()
            .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
            .map_err(hashing)?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password has the hash. Without a hash it takes as long, and is not.
///
/// # Errors
/// When memory is short.
pub(crate) async fn verify(password: SecretString, hash: String) -> Result<bool, OperatorsError> {
    if password.expose_secret().chars().count() > OperatorsError::MAX_PASSWORD {
        return Ok(false);
    }
    on_blocking_pool(move || {
        let is_set = !hash.is_empty();
        let stored = if is_set { &hash } else { NO_PASSWORD };
        let parsed = PasswordHash::new(stored).map_err(hashing)?;
        let verified =
            Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed);
        match verified {
            Ok(()) => Ok(is_set),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(hashing(error)),
        }
    })
    .await
}

async fn on_blocking_pool<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OperatorsError> + Send + 'static,
) -> Result<T, OperatorsError> {
    let _turn = HASHES.acquire().await.map_err(hashing)?;
    spawn_blocking(work).await.map_err(hashing)?
}

fn hashing(error: impl std::fmt::Display) -> OperatorsError {
    OperatorsError::Hashing(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn password_is_verified_by_its_hash() {
        let hash = hash("correct horse battery".into()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            verify("correct horse battery".into(), hash.clone())
                .await
                .unwrap()
        );
        assert!(!verify("correct horse batterY".into(), hash).await.unwrap());
    }

    #[tokio::test]
    async fn nothing_is_the_password_of_an_account_without_one() {
        for password in ["", "x", "correct horse battery"] {
            assert!(!verify(password.into(), String::new()).await.unwrap());
        }
    }

    #[test]
    fn short_password_and_the_name_are_refused() {
        let name = OperatorName::parse("Olga Ivanova 1").unwrap();
        let check = |password: &str| check_new(&name, &password.to_owned().into()).is_ok();
        assert!(check("correct horse"));
        assert!(check("一二三四五六七八九十十一"));
        assert!(!check("12345678901"));
        assert!(!check(&"x".repeat(129)));
        assert!(!check("OLGA ivanova 1"));
    }
}
