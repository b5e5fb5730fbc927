//! The broker's own certificate authority: a key, and a certificate that clients trust. Both stay as they are once they
//! are made, so a client is told once.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};

/// The file that clients trust.
pub(super) const CERTIFICATE: &str = "ca.pem";
/// The file that nobody else may read.
const KEY: &str = "ca.key";

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long the authority's certificate is valid.
const AUTHORITY_DAYS: u32 = 3650;
/// How long the listener's is: longer than a broker of a lab runs, and what no client finds too long.
const LISTENER_DAYS: u32 = 397;

/// Who signs the listener's certificate.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, in PEM.
    pub certificate: String,
}

/// The listener's certificate and its key.
pub(super) struct Issued {
    pub certificate: CertificateDer<'static>,
    pub key: PrivateKeyDer<'static>,
}

impl Authority {
    /// A new one, in memory.
    pub(super) fn new(now: SystemTime) -> io::Result<Authority> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params(&key, now).self_signed(&key).map_err(io::Error::other)?.pem();
        Ok(Authority { issuer: Issuer::new(params(&key, now), key), certificate })
    }

    /// The one that is kept in a folder; a new one if there is no key. The folder is made for its owner only.
    ///
    /// # Errors
    /// Those of the files, and [`ErrorKind::InvalidData`] for a key that is none.
    pub(super) fn open(folder: &Path, now: SystemTime) -> io::Result<Authority> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        let (key_file, certificate_file) = (folder.join(KEY), folder.join(CERTIFICATE));
        let key = match read(&key_file)? {
            Some(pem) => KeyPair::from_pem(&pem).map_err(|error| useless(&key_file, &error))?,
            None => {
                let new = Authority::new(now)?;
                // A certificate without its key is of no use, and must not be taken for that of the new key.
                remove(&certificate_file)?;
                write(&key_file, &new.issuer.key().serialize_pem())?;
                write(&certificate_file, &new.certificate)?;
                return Ok(new);
            }
        };
        let certificate = match read(&certificate_file)? {
            Some(pem) => pem,
            None => {
                let pem = params(&key, now).self_signed(&key).map_err(io::Error::other)?.pem();
                write(&certificate_file, &pem)?;
                pem
            }
        };
        let authority = Authority { issuer: Issuer::new(params(&key, now), key), certificate };
        authority.check(now).map_err(|problem| useless(&certificate_file, &problem))?;
        Ok(authority)
    }

    /// Signs a certificate for these hosts, names and addresses.
    ///
    /// # Errors
    /// For a host that cannot stand in a certificate.
    pub(super) fn issue(&self, hosts: &[String], now: SystemTime) -> io::Result<Issued> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::new(hosts).map_err(io::Error::other)?;
        params.distinguished_name = named("kafkalab broker");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = validity(now, LISTENER_DAYS);
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Ok(Issued { certificate: certificate.into(), key })
    }

    /// Looks at it as a client does: a certificate that it signs must hold.
    fn check(&self, now: SystemTime) -> Result<(), Box<dyn std::error::Error>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.certificate.as_bytes()) {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(ring::default_provider());
        let client = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        let host = "localhost";
        let issued = self.issue(&[host.to_owned()], now)?;
        let now = UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH)?);
        client.verify_server_cert(&issued.certificate, &[], &ServerName::try_from(host)?, &[], now)?;
        Ok(())
    }
}

/// The authority's certificate. Apart from its time it follows from the key, so it need not be read again.
fn params(key: &KeyPair, now: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    // Two authorities of one name would be told apart only by a signature that does not hold.
    let id: String = params.key_identifier(key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = named(&format!("kafkalab authority {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = validity(now, AUTHORITY_DAYS);
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// From yesterday, since the clocks of two machines are never the same.
fn validity<T: From<SystemTime>>(now: SystemTime, days: u32) -> (T, T) {
    ((now - DAY).into(), (now + DAY * days).into())
}

fn useless(file: &Path, problem: &dyn std::fmt::Display) -> io::Error {
    let text = format!("{}: {problem}; remove it, and the broker makes a new one", file.display());
    io::Error::new(ErrorKind::InvalidData, text)
}

fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file that only its owner can read, whole or not at all.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension("new");
    remove(&new)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(&new)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()?;
    fs::rename(new, file)
}
