//! The authority's files, and a handshake with whoever comes.

use std::fs;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;

use super::*;

/// A client that trusts `ca`, and speaks this version of TLS only.
fn client(ca: &str, version: &'static rustls::SupportedProtocolVersion) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// A client's connection and ours.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Whether a client that trusts `ca` gets through to `host`.
async fn gets_through(tls: &Tls, ca: &str, host: &str) -> Result<(), Option<String>> {
    gets_through_with(tls, &client(ca, &TLS13), host).await
}

async fn gets_through_with(tls: &Tls, client: &TlsConnector, host: &str) -> Result<(), Option<String>> {
    let (theirs, ours) = pair().await;
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let (connected, accepted) = tokio::join!(client.connect(name, theirs), tls.accept(ours));
    assert_eq!(connected.is_ok(), accepted.is_ok(), "{connected:?}");
    accepted.map(drop)
}

fn open(storage: &Storage, advertised: &str) -> io::Result<(Tls, CaCertificate)> {
    let bound = SocketAddr::from(([127, 0, 0, 1], 9096));
    Tls::open(storage, &hosts(bound, Some(&(advertised.to_owned(), 9096))))
}

#[tokio::test]
async fn both_versions_and_every_host_hold_and_no_other_does() {
    let (tls, ca) = open(&Storage::Memory, "kafka.example").unwrap();
    for version in [&TLS12, &TLS13] {
        gets_through_with(&tls, &client(&ca.pem, version), "localhost").await.unwrap();
    }
    for host in ["localhost", "127.0.0.1", "::1", "kafka.example"] {
        gets_through(&tls, &ca.pem, host).await.unwrap();
    }
    let refused = gets_through(&tls, &ca.pem, "elsewhere.example").await.unwrap_err();
    assert!(refused.unwrap().contains("BadCertificate"));
}

#[tokio::test]
async fn a_client_that_trusts_somebody_else_is_told_of_in_words_that_help() {
    let (tls, _) = open(&Storage::Memory, "localhost").unwrap();
    let (_, stranger) = open(&Storage::Memory, "localhost").unwrap();
    let refused = gets_through(&tls, &stranger.pem, "localhost").await.unwrap_err().unwrap();
    assert!(refused.contains("UnknownCA") && refused.contains("ssl.ca.location"), "{refused}");
}

#[tokio::test]
async fn the_authority_stays_when_the_advertised_host_changes() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::Folder(folder.path().to_owned());
    let (before, ca) = open(&storage, "old.example").unwrap();
    assert!(gets_through(&before, &ca.pem, "new.example").await.is_err());
    let (after, same) = open(&storage, "new.example").unwrap();
    assert_eq!(same, ca);
    gets_through(&after, &ca.pem, "new.example").await.unwrap();
    assert_eq!(fs::read_to_string(ca.file.unwrap()).unwrap(), ca.pem);
}

#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    open(&Storage::Folder(folder.path().to_owned()), "localhost").unwrap();
    let mode = |path: &str| folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("tls"), mode("tls/ca.key"), mode("tls/ca.pem")), (0o700, 0o600, 0o600));
}

#[test]
fn what_a_crash_or_a_hand_has_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::Folder(folder.path().to_owned());
    let at = |name: &str| folder.path().join("tls").join(name);
    let (_, ca) = open(&storage, "localhost").unwrap();

    // Killed before the certificate was written: the key makes it again.
    fs::remove_file(at("ca.pem")).unwrap();
    fs::write(at("ca.new"), "half of a").unwrap();
    let (_, again) = open(&storage, "localhost").unwrap();
    assert_eq!(again.file, ca.file);

    // A certificate of somebody else, or none at all: no client would get through, so nobody starts with it.
    let key = fs::read_to_string(at("ca.key")).unwrap();
    for damage in [open(&Storage::Memory, "localhost").unwrap().1.pem, "nonsense".to_owned()] {
        fs::write(at("ca.pem"), damage).unwrap();
        let problem = open(&storage, "localhost").err().unwrap().to_string();
        assert!(problem.contains("ca.pem: ") && problem.contains("remove it"), "{problem}");
    }
    fs::write(at("ca.key"), "nonsense").unwrap();
    assert!(open(&storage, "localhost").err().unwrap().to_string().contains("ca.key: "));

    // Without a key all is made new, whatever certificate is there.
    fs::remove_file(at("ca.key")).unwrap();
    open(&storage, "localhost").unwrap();
    assert_ne!(fs::read_to_string(at("ca.key")).unwrap(), key);
}

#[tokio::test]
async fn what_is_no_tls_is_named_and_a_look_is_not() {
    let (tls, _) = open(&Storage::Memory, "localhost").unwrap();
    let (mut theirs, ours) = pair().await;
    // ApiVersions, as a client without TLS begins.
    theirs.write_all(&[0, 0, 0, 10, 0, 18, 0, 3]).await.unwrap();
    let problem = tls.accept(ours).await.unwrap_err().unwrap();
    assert!(problem.contains("InvalidContentType") && problem.contains("SASL_SSL"), "{problem}");

    let (theirs, ours) = pair().await;
    drop(theirs);
    assert_eq!(tls.accept(ours).await.map(drop), Err(None));
}

#[tokio::test]
async fn a_client_that_never_ends_its_handshake_is_not_waited_for() {
    let (tls, _) = open(&Storage::Memory, "localhost").unwrap();
    let limit = Duration::from_millis(50);
    for begun in [&[][..], &[22, 3, 1, 0]] {
        let (mut theirs, ours) = pair().await;
        theirs.write_all(begun).await.unwrap();
        let late = tls.accept_within(limit, ours).await.unwrap_err().unwrap();
        assert_eq!(late, "no handshake within 50 ms");
    }
}
