//! The PEM files of a profile's `[ssl]`.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::client::SslFiles;
use crate::client::raw::RawError;

/// A client's own certificate.
pub(super) struct Identity {
    /// Where it was read from.
    pub path: PathBuf,
    /// The certificate, and those between it and its authority.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

/// The authorities to trust, and where they come from: the profile's file, or the system.
pub(super) fn authorities(files: &SslFiles) -> Result<(RootCertStore, PathBuf), RawError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = &files.ca else {
        // As librdkafka does: a system may keep some that cannot be read, and then they are not trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok((roots, PathBuf::from("the system's authorities")));
    };
    for certificate in certificates("ca_file", path)? {
        roots.add(certificate).map_err(|error| problem("ca_file", path, &error))?;
    }
    Ok((roots, path.clone()))
}

/// The client's own certificate, if the profile has one.
pub(super) fn identity(files: &SslFiles) -> Result<Option<Identity>, RawError> {
    let Some(path) = &files.certificate else { return Ok(None) };
    let chain = certificates("cert_file", path)?;
    // librdkafka takes a key that stands in the file of the certificate, too.
    let (setting, place) = files.key.as_ref().map_or(("cert_file", path), |key| ("key_file", key));
    let key = PrivateKeyDer::from_pem_file(place).map_err(|error| unreadable(setting, place, &error))?;
    Ok(Some(Identity { path: path.clone(), chain, key }))
}

/// A file that cannot be used. `setting` is the key below `[ssl]`.
pub(super) fn problem(setting: &'static str, path: &Path, problem: &dyn Display) -> RawError {
    RawError::TlsFile { setting, path: path.to_owned(), problem: problem.to_string() }
}

fn certificates(setting: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, RawError> {
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match found {
        Ok(found) if found.is_empty() => Err(unreadable(setting, path, &pem::Error::NoItemsFound)),
        Ok(found) => Ok(found),
        Err(error) => Err(unreadable(setting, path, &error)),
    }
}

fn unreadable(setting: &'static str, path: &Path, error: &pem::Error) -> RawError {
    match error {
        pem::Error::Io(error) => problem(setting, path, error),
        pem::Error::NoItemsFound if setting == "key_file" => {
            problem(setting, path, &"it holds no private key in PEM without a password")
        }
        pem::Error::NoItemsFound => problem(setting, path, &"it holds no PEM of the kind that is needed"),
        error => problem(setting, path, error),
    }
}
