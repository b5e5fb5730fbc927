//! The PEM files of a profile's `[ssl]`.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_native_certs::{load_certs_from_paths, load_native_certs};

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
    let found = match &files.ca {
        None => load_native_certs(),
        // As OpenSSL keeps them, and librdkafka takes them.
        Some(path) if path.is_dir() => load_certs_from_paths(None, Some(path)),
        Some(path) => {
            for certificate in certificates("ca_file", path)? {
                roots.add(certificate).map_err(|error| problem("ca_file", path, &error))?;
            }
            return Ok((roots, path.clone()));
        }
    };
    // Among many there may be some that cannot be read; those are not trusted.
    roots.add_parsable_certificates(found.certs);
    Ok((roots, files.ca.clone().unwrap_or_else(|| "the system's authorities".into())))
}

/// The client's own certificate, if the profile has one.
pub(super) fn identity(files: &SslFiles) -> Result<Option<Identity>, RawError> {
    let Some(path) = &files.certificate else { return Ok(None) };
    let chain = certificates("cert_file", path)?;
    let Some(place) = &files.key else { return Err(problem("cert_file", path, &"key_file is missing")) };
    let key = PrivateKeyDer::from_pem_file(place).map_err(|error| unreadable("key_file", place, &error))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate, and its key.
    fn pem() -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn files(ca: Option<&Path>, certificate: Option<&Path>, key: Option<&Path>) -> SslFiles {
        let owned = |path: Option<&Path>| path.map(Path::to_owned);
        SslFiles { ca: owned(ca), certificate: owned(certificate), key: owned(key) }
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = pem();
        let at = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (alone, key_file) = (at("cert.pem", &certificate), at("key.pem", &key));
        let both = at("both.pem", &(certificate + &key));
        assert!(identity(&files(None, Some(&alone), Some(&key_file))).unwrap().is_some());
        assert!(identity(&files(None, Some(&both), Some(&both))).unwrap().is_some());
        assert!(identity(&files(None, None, None)).unwrap().is_none());
        let problem = |key| identity(&files(None, Some(&alone), key)).err().unwrap().to_string();
        assert!(problem(None).contains("key_file is missing"), "{}", problem(None));
        let none = problem(Some(&alone));
        assert!(none.contains("key_file") && none.contains("no private key"), "{none}");
    }

    #[test]
    fn authorities_are_read_from_a_file_or_a_folder_of_openssl() {
        let folder = tempfile::tempdir().unwrap();
        let hashed = folder.path().join("0a1b2c3d.0");
        std::fs::write(&hashed, pem().0).unwrap();
        for ca in [hashed.as_path(), folder.path()] {
            assert_eq!(authorities(&files(Some(ca), None, None)).unwrap().0.len(), 1, "{}", ca.display());
        }
        std::fs::write(&hashed, "nothing").unwrap();
        let problem = authorities(&files(Some(&hashed), None, None)).err().unwrap().to_string();
        assert!(problem.contains("ca_file") && problem.contains("no PEM"), "{problem}");
    }
}
