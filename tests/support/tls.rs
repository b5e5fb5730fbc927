//! Brokers with a SASL_SSL listener. Apache Kafka's certificates are made here, good ones and others; the embedded
//! broker makes its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::addresses::{Ports, free_port};
use super::apache::{Apache, Listener};
use super::embedded::Embedded;
use super::tools::Output;
use super::{Lab, folder, require, tools};

/// Who signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub certificate: String,
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), certificate }
    }

    /// A key, and a certificate for these hosts that ends then; PEM, in this order.
    pub fn sign(&self, hosts: &[&str], not_after: SystemTime) -> String {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.not_after = not_after.into();
        let key = KeyPair::generate().unwrap();
        key.serialize_pem() + &params.signed_by(&key, &self.issuer).unwrap().pem()
    }
}

/// A broker with a SASL_SSL listener.
pub struct Secured {
    /// The broker.
    pub lab: Lab,
    /// Where the listener is, by the name that its certificate is for.
    pub address: String,
    /// The authority that signed it.
    pub ca: PathBuf,
    /// The other listeners with TLS, by name.
    others: Vec<(&'static str, String)>,
}

impl Secured {
    /// Each engine that this machine has.
    pub fn all() -> impl Iterator<Item = &'static Secured> {
        [Some(Secured::embedded()), Secured::apache()].into_iter().flatten()
    }

    /// The embedded broker, shared by the tests of a binary.
    pub fn embedded() -> &'static Secured {
        static SECURED: OnceLock<Secured> = OnceLock::new();
        SECURED.get_or_init(|| {
            let folder = folder();
            let data = folder.join("data");
            let broker = Embedded::start_in(&data, Some(&folder), &["--tls-listen", "127.0.0.1:0"]);
            let broker = broker.unwrap_or_else(|problem| panic!("{problem}"));
            let address = broker.tls.clone().expect("it was asked for").replace("127.0.0.1", "localhost");
            Secured {
                lab: Lab::from_embedded(broker),
                address,
                ca: data.join("tls/ca.pem"),
                others: Vec::new(),
            }
        })
    }

    /// Apache Kafka, shared by the tests of a binary. Beside SASL_SSL it has listeners that not everybody gets through:
    /// ELSEWHERE (a certificate for another host), EXPIRED, MUTUAL (asks the client for one), SSL (without SASL).
    /// `None`, said on stderr, on a machine without a JDK.
    pub fn apache() -> Option<&'static Secured> {
        static SECURED: OnceLock<Secured> = OnceLock::new();
        require("jdk").then(|| SECURED.get_or_init(|| start_apache(tools::bin())))
    }

    /// Where a listener of Apache Kafka is, by its name.
    pub fn listener(&self, name: &str) -> &str {
        let found = self.others.iter().find(|(listener, _)| *listener == name);
        &found.unwrap_or_else(|| panic!("no listener {name}")).1
    }

    /// `kafkalab` as [`Lab::kafkalab`], over SASL_SSL at this listener, trusting the authority.
    pub fn kafkalab(&self, arguments: &[&str]) -> Command {
        let mut command = self.lab.kafkalab(arguments);
        command.env("KAFKALAB_BOOTSTRAP_SERVER", &self.address);
        command.env("KAFKALAB_SECURITY_PROTOCOL", "SASL_SSL").env("KAFKALAB_SSL_CA_FILE", &self.ca);
        command
    }

    /// `kcat` as [`Lab::kcat`], over SASL_SSL at this listener, trusting the authority.
    pub fn kcat(&self, principal: &str, arguments: &[&str]) -> Command {
        let here = [
            format!("bootstrap.servers={}", self.address),
            "security.protocol=SASL_SSL".to_owned(),
            format!("ssl.ca.location={}", self.ca.display()),
        ];
        let here: Vec<&str> = here.iter().flat_map(|property| ["-X", property]).collect();
        self.lab.kcat(principal, &[&here, arguments].concat())
    }

    /// Runs one of Apache's tools as [`Lab::tool`], over SASL_SSL at this listener, trusting the authorities in `ca`.
    pub fn tool(&self, principal: &str, ca: &Path, tool: &str, arguments: &[&str]) -> Output {
        let properties = self.lab.properties_file(principal);
        let login = fs::read_to_string(&properties).unwrap().replace("SASL_PLAINTEXT", "SASL_SSL");
        let trust = format!("ssl.truststore.type=PEM\nssl.truststore.location={}\n", ca.display());
        fs::write(&properties, login + &trust).unwrap();
        let properties = properties.to_str().unwrap();
        let server = ["--bootstrap-server", &self.address, "--command-config", properties];
        tools::run(tool, &[&server, arguments].concat())
    }
}

fn start_apache(folder: &Path) -> Secured {
    let authority = Authority::new("An authority of the tests");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let ca = write("authority.pem", &authority.certificate);
    write("client.pem", &authority.sign(&["a client"], in_a_day()));
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
    let here: &[&str] = &["localhost", "127.0.0.1"];
    let trust = [("ssl.client.auth", "required".to_owned()), ("ssl.truststore.type", "PEM".to_owned())];
    let listeners = [
        ("SASL_SSL", "SASL_SSL", here, in_a_day()),
        ("ELSEWHERE", "SASL_SSL", &["kafka.example"], in_a_day()),
        ("EXPIRED", "SASL_SSL", here, yesterday),
        ("MUTUAL", "SASL_SSL", here, in_a_day()),
        ("SSL", "SSL", here, in_a_day()),
    ];
    let listeners = listeners.map(|(name, protocol, hosts, not_after)| {
        let keystore = write(&format!("{name}.pem"), &authority.sign(hosts, not_after));
        let mut properties = vec![
            ("ssl.keystore.type".to_owned(), "PEM".to_owned()),
            ("ssl.keystore.location".to_owned(), keystore.display().to_string()),
        ];
        if name == "MUTUAL" {
            properties.extend(trust.clone().map(|(property, value)| (property.to_owned(), value)));
            properties.push(("ssl.truststore.location".to_owned(), ca.display().to_string()));
        }
        Listener { name, protocol, port: free_port(), properties }
    });
    let apache = Apache::start_with("docker-compose.yml", Ports::Free, &listeners);
    let address = |listener: &Listener| format!("localhost:{}", listener.port);
    Secured {
        lab: Lab::from_apache(apache.unwrap_or_else(|problem| panic!("{problem}"))),
        address: address(&listeners[0]),
        ca,
        others: listeners.iter().map(|listener| (listener.name, address(listener))).collect(),
    }
}

fn in_a_day() -> SystemTime {
    SystemTime::now() + Duration::from_secs(24 * 3600)
}
