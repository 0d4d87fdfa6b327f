//! Random secrets, and their hashes, which are stored in place of them.

use qlive_types::random;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

/// A new secret of 32 random bytes, in hexadecimal: a session's token or the secret of a link.
pub(crate) fn new_token() -> SecretString {
    random::hex(32).into()
}

/// SHA-256 in lower-case hexadecimal. For random secrets only: a password needs a slow hash.
pub(crate) fn hash_of(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}
