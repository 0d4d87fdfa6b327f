//! Keys and certificates, drawn when the process first needs them: what WeChat
//! Pay's console hands a merchant, and what WeChat keeps to itself.

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

/// What the console hands out. All of it is made up, and as public as the sandbox is.
#[derive(Clone, Serialize, Deserialize)]
pub struct Papers {
    /// The merchant's private key, in PEM.
    pub merchant_key: String,
    pub public_key_id: String,
    /// WeChat's public key, in PEM.
    pub public_key: String,
    pub certificate_serial: String,
    /// WeChat's platform certificate, in PEM.
    pub certificate: String,
}

/// The papers, and the keys behind them that only WeChat has.
#[derive(Clone)]
pub(crate) struct Drawer {
    pub(crate) papers: Papers,
    /// Behind the public key.
    pub(crate) public: PKey<Private>,
    /// Behind the certificate.
    pub(crate) certified: PKey<Private>,
    pub(crate) merchant: PKey<Private>,
}

impl Papers {
    /// This process's papers.
    pub fn drawn() -> io::Result<Self> {
        Ok(drawer()?.papers)
    }
}

/// One drawer for the whole process: keys take a while to draw.
pub(crate) fn drawer() -> io::Result<Drawer> {
    static DRAWER: OnceLock<Drawer> = OnceLock::new();
    if let Some(drawer) = DRAWER.get() {
        return Ok(drawer.clone());
    }
    let drawer = draw().map_err(io::Error::other)?;
    Ok(DRAWER.get_or_init(|| drawer).clone())
}

fn draw() -> Result<Drawer, ErrorStack> {
    let (merchant, public, certified) = (key()?, key()?, key()?);
    let certificate = certify(&certified)?;
    let text = |pem: Vec<u8>| String::from_utf8_lossy(&pem).into_owned();
    let papers = Papers {
        merchant_key: text(merchant.private_key_to_pem_pkcs8()?),
        public_key_id: "PUB_KEY_ID_0119000000012026112400000000000001".into(),
        public_key: text(public.public_key_to_pem()?),
        certificate_serial: certificate
            .serial_number()
            .to_bn()?
            .to_hex_str()?
            .to_string(),
        certificate: text(certificate.to_pem()?),
    };
    Ok(Drawer {
        papers,
        public,
        certified,
        merchant,
    })
}

fn key() -> Result<PKey<Private>, ErrorStack> {
    PKey::from_rsa(Rsa::generate(2048)?)
}

/// A certificate that signs itself, as WeChat's platform certificates look to a merchant.
fn certify(key: &PKey<Private>) -> Result<X509, ErrorStack> {
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
