//! Keys and certificates of WeChat Pay, generated when the process first needs them.

use std::io;
use std::sync::OnceLock;

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};
use serde::{Deserialize, Serialize};

/// What the merchant console of WeChat Pay gives a merchant: the merchant's own key, and WeChat's
/// public key and platform certificate. All of it is made up and protects nothing.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The merchant's private key, in PEM (PKCS #8).
    pub merchant_key: String,
    /// ID of WeChat's public key, as in the header `Wechatpay-Serial`.
    pub public_key_id: String,
    /// WeChat's public key, in PEM.
    pub public_key: String,
    /// Serial number of WeChat's platform certificate, in hexadecimal.
    pub certificate_serial: String,
    /// WeChat's platform certificate, in PEM.
    pub certificate: String,
}

impl Credentials {
    /// The credentials of this process: the first call generates them, later calls return the same.
    ///
    /// # Errors
    ///
    /// When OpenSSL cannot generate a key or a certificate.
    pub fn get_or_generate() -> io::Result<Self> {
        Ok(SandboxKeys::get_or_generate()?.credentials)
    }
}

/// The credentials, and the private keys behind them.
#[derive(Clone)]
pub(crate) struct SandboxKeys {
    pub(crate) credentials: Credentials,
    /// WeChat's private key that belongs to the public key.
    pub(crate) public_key: PKey<Private>,
    /// WeChat's private key that belongs to the platform certificate.
    pub(crate) certificate_key: PKey<Private>,
    /// The merchant's private key; only its public half is used, to verify requests.
    pub(crate) merchant_key: PKey<Private>,
}

impl SandboxKeys {
    /// The keys of this process. They are generated once, because that takes up to some seconds.
    pub(crate) fn get_or_generate() -> io::Result<Self> {
        static KEYS: OnceLock<SandboxKeys> = OnceLock::new();
        if let Some(keys) = KEYS.get() {
            return Ok(keys.clone());
        }
        let keys = Self::generate().map_err(io::Error::other)?;
        Ok(KEYS.get_or_init(|| keys).clone())
    }

    fn generate() -> Result<Self, ErrorStack> {
        let merchant_key = generate_rsa_key()?;
        let public_key = generate_rsa_key()?;
        let certificate_key = generate_rsa_key()?;
        let certificate = self_signed_certificate(&certificate_key)?;
        let text = |pem: Vec<u8>| String::from_utf8_lossy(&pem).into_owned();
        let credentials = Credentials {
            merchant_key: text(merchant_key.private_key_to_pem_pkcs8()?),
            public_key_id: "PUB_KEY_ID_0119000000012026112400000000000001".into(),
            public_key: text(public_key.public_key_to_pem()?),
            certificate_serial: certificate
                .serial_number()
                .to_bn()?
                .to_hex_str()?
                .to_string(),
            certificate: text(certificate.to_pem()?),
        };
        Ok(Self {
            credentials,
            public_key,
            certificate_key,
            merchant_key,
        })
    }
}

fn generate_rsa_key() -> Result<PKey<Private>, ErrorStack> {
    PKey::from_rsa(Rsa::generate(2048)?)
}

/// A certificate valid for five years. The chain of WeChat's real platform certificates is of no
/// use to a merchant, who knows them by serial number alone; so this one signs itself.
fn self_signed_certificate(key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("CN", "sandbox platform certificate")?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(159, MsbOption::ONE, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(serial.to_asn1_integer()?.as_ref())?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
    builder.set_not_after(Asn1Time::days_from_now(1825)?.as_ref())?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}
