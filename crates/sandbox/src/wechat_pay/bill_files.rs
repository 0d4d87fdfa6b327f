//! Bills that were announced and wait for their download. No I/O.

use std::collections::BTreeMap;

use qlive_types::random;

/// Trade bills by download token.
#[derive(Default)]
pub(crate) struct BillFiles(BTreeMap<String, Vec<u8>>);

impl BillFiles {
    /// Keeps a bill as it is now and returns the token to download it with.
    pub(crate) fn add(&mut self, bill: Vec<u8>) -> String {
        let token = random::hex(8);
        self.0.insert(token.clone(), bill);
        token
    }

    /// The bill of a token.
    pub(crate) fn get(&self, token: &str) -> Option<Vec<u8>> {
        self.0.get(token).cloned()
    }
}
