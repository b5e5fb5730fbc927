//! Logins that fail and that succeed, in every order of requests; each answer with its text, and whether the
//! connection lives on.

use kafka_protocol::messages::ApiVersionsRequest;
use kafkalab::scram::{ClientExchange, Mechanism};

use crate::case::{ADMIN, ANONYMOUS, Action, Case, Memory, STRANGER, Step, Who, ask};
use crate::requests::*;

/// A nonce may be known in a test.
const NONCE: &str = "client-nonce";

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut cases = plain();
    cases.extend(scram());
    cases.extend(order());
    cases.extend(handshakes_v0());
    cases
}

/// After a login: is the connection alive, and whose is it? Laravel sees one of these topics, admin both.
fn alive(case: Case) -> Case {
    case.send(STRANGER, metadata(&["laravel-events", "nest-events"]), 9)
}

fn plain() -> Vec<Case> {
    let tokens: [(&str, &'static [u8]); 17] = [
        ("right", b"\0laravel\0laravel-secret"),
        ("right, with the same authorization id", b"laravel\0laravel\0laravel-secret"),
        ("another authorization id", b"admin\0laravel\0laravel-secret"),
        ("another authorization id and a wrong password", b"admin\0laravel\0wrong"),
        ("wrong password", b"\0laravel\0wrong"),
        ("a longer password", b"\0laravel\0laravel-secret2"),
        ("the beginning of the password", b"\0laravel\0laravel-secre"),
        ("upper case user", b"\0Laravel\0laravel-secret"),
        ("unknown user", b"\0nobody\0laravel-secret"),
        ("no user", b"\0\0laravel-secret"),
        ("no password", b"\0laravel\0"),
        ("neither", b"\0\0"),
        ("one token", b"laravel"),
        ("two tokens", b"laravel\0laravel-secret"),
        ("four tokens", b"\0laravel\0laravel-secret\0"),
        ("nothing", b""),
        ("not UTF-8", b"\0laravel\0\xff\xfe"),
    ];
    let case = |(name, bytes): (&str, &'static [u8])| {
        let case = Case::new(format!("PLAIN, {name}")).send(STRANGER, handshake("PLAIN"), 1);
        alive(case.send(STRANGER, token(bytes), 1))
    };
    tokens.into_iter().map(case).collect()
}

/// One SCRAM login; `twist` may change the client's final message.
fn scram_login(
    name: &str,
    mechanism: &str,
    user: &'static str,
    password: &'static str,
    twist: fn(String) -> String,
) -> Case {
    let exchange = move || ClientExchange::new(Mechanism::Sha256, user, password.into(), NONCE.to_owned());
    let answer = move |memory: &Memory| {
        let challenge = memory.tokens.get("STRANGER").cloned().unwrap_or_default();
        let answer = exchange().answer(&challenge).unwrap_or_else(|_| b"c=biws,r=none,p=AAAA".to_vec());
        ask(&token(twist(String::from_utf8(answer).unwrap())), 1)
    };
    let case = Case::new(format!("{mechanism}, {name}")).send(STRANGER, handshake(mechanism), 1);
    alive(case.send(STRANGER, token(exchange().start()), 1).send_with(STRANGER, answer))
}

fn scram() -> Vec<Case> {
    let same: fn(String) -> String = |answer| answer;
    let short_nonce: fn(String) -> String = |answer| {
        let proof = answer.split(",p=").nth(1).unwrap_or_default().to_owned();
        format!("c=biws,r={NONCE},p={proof}")
    };
    let other_nonce: fn(String) -> String = |answer| answer.replace(NONCE, "other-nonce");
    let no_proof: fn(String) -> String = |answer| answer.split(",p=").next().unwrap_or_default().to_owned();
    let short_proof: fn(String) -> String =
        |answer| format!("{},p=AAAA", answer.split(",p=").next().unwrap_or_default());
    let extension: fn(String) -> String = |answer| answer.replace(",p=", ",ext=ra,p=");
    let mut cases = vec![
        scram_login("right", "SCRAM-SHA-256", "laravel", "laravel-secret", same),
        scram_login("wrong password", "SCRAM-SHA-256", "laravel", "wrong", same),
        scram_login("unknown user", "SCRAM-SHA-256", "nobody", "laravel-secret", same),
        scram_login("a user with a comma", "SCRAM-SHA-256", "a,b=c", "laravel-secret", same),
        scram_login("only the client's nonce", "SCRAM-SHA-256", "laravel", "laravel-secret", short_nonce),
        scram_login("another nonce", "SCRAM-SHA-256", "laravel", "laravel-secret", other_nonce),
        scram_login("no proof", "SCRAM-SHA-256", "laravel", "laravel-secret", no_proof),
        scram_login("a short proof", "SCRAM-SHA-256", "laravel", "laravel-secret", short_proof),
        scram_login(
            "an extension in the final message",
            "SCRAM-SHA-256",
            "laravel",
            "laravel-secret",
            extension,
        ),
        scram_login("not enabled", "SCRAM-SHA-512", "laravel", "laravel-secret", same),
    ];
    for (name, first) in [
        ("garbage", "garbage"),
        ("channel binding supported", "y,,n=laravel,r=client-nonce"),
        ("channel binding demanded", "p=tls-unique,,n=laravel,r=client-nonce"),
        ("the same authorization id", "n,a=laravel,n=laravel,r=client-nonce"),
        ("another authorization id", "n,a=admin,n=laravel,r=client-nonce"),
        ("another authorization id of an unknown user", "n,a=admin,n=nobody,r=client-nonce"),
        ("an unknown extension", "n,,n=laravel,r=client-nonce,ext=ra"),
        ("a delegation token", "n,,n=laravel,r=client-nonce,tokenauth=true"),
        ("no delegation token", "n,,n=laravel,r=client-nonce,tokenauth=false"),
        ("a reserved extension", "n,,m=ext,n=laravel,r=client-nonce"),
        ("a bad escape", "n,,n=la=2cravel,r=client-nonce"),
        ("no nonce", "n,,n=laravel,r="),
        ("no user", "n,,n=,r=client-nonce"),
        ("nothing", ""),
    ] {
        let case = Case::new(format!("SCRAM-SHA-256, first message: {name}"));
        let case = case.send(STRANGER, handshake("SCRAM-SHA-256"), 1);
        cases.push(case.send(STRANGER, token(first), 1));
    }
    cases
}

fn order() -> Vec<Case> {
    let case = |name: &str| Case::new(format!("order: {name}"));
    let versions = || ApiVersionsRequest::default().with_client_software_name(text("")).to_owned();
    let right = || token(*b"\0laravel\0laravel-secret");
    vec![
        case("ApiVersions, handshake, token")
            .send_quietly(STRANGER)
            .send(STRANGER, handshake("PLAIN"), 1)
            .send(STRANGER, right(), 2),
        case("ApiVersions twice").send_quietly(STRANGER).send_quietly(STRANGER),
        case("ApiVersions after one with a bad name")
            .send(STRANGER, api_versions("-"), 3)
            .send_quietly(STRANGER),
        case("ApiVersions after one of an unknown version").bytes_of(STRANGER, 18, 99).send_quietly(STRANGER),
        case("ApiVersions after the handshake").send(STRANGER, handshake("PLAIN"), 1).send(
            STRANGER,
            versions(),
            2,
        ),
        case("token without a handshake").send(STRANGER, right(), 1),
        case("Metadata at once").send(STRANGER, metadata_all(), 9),
        case("Metadata after the handshake").send(STRANGER, handshake("PLAIN"), 1).send(
            STRANGER,
            metadata_all(),
            9,
        ),
        case("two handshakes").send(STRANGER, handshake("PLAIN"), 1).send(STRANGER, handshake("PLAIN"), 1),
        case("unknown mechanism").send(STRANGER, handshake("GSSAPI"), 1).send(
            STRANGER,
            handshake("PLAIN"),
            1,
        ),
        case("lower case mechanism").send(STRANGER, handshake("plain"), 1).send(STRANGER, right(), 1),
        case("empty mechanism").send(STRANGER, handshake(""), 1).send(STRANGER, right(), 1),
        case("handshake v9").send_raw_version(STRANGER),
        case("handshake after the login").send(ADMIN, handshake("PLAIN"), 1).send(
            ADMIN,
            metadata(&["nest-events"]),
            9,
        ),
        case("token after the login").send(ADMIN, right(), 1).send(ADMIN, metadata(&["nest-events"]), 9),
        case("handshake on the PLAINTEXT listener").send(ANONYMOUS, handshake("PLAIN"), 1).send(
            ANONYMOUS,
            metadata(&["nest-events"]),
            9,
        ),
        case("handshake v0 on the PLAINTEXT listener").send(ANONYMOUS, handshake("PLAIN"), 0),
        case("token on the PLAINTEXT listener").send(ANONYMOUS, right(), 1).send(
            ANONYMOUS,
            metadata(&["nest-events"]),
            9,
        ),
    ]
}

fn handshakes_v0() -> Vec<Case> {
    let case = |name: &str| Case::new(format!("handshake v0, {name}")).send(STRANGER, handshake("PLAIN"), 0);
    let frame = |case: Case, bytes: &[u8]| case.step(STRANGER, Action::Frame(bytes.to_vec()));
    vec![
        alive(frame(case("right"), b"\0laravel\0laravel-secret")),
        alive(frame(case("wrong password"), b"\0laravel\0wrong")),
        alive(frame(case("garbage"), b"garbage")),
        Case::new("handshake v0, unknown mechanism").send(STRANGER, handshake("GSSAPI"), 0),
        Case::new("a length of 2 GB").step(STRANGER, Action::Bytes(vec![0x7f, 0xff, 0xff, 0xff])),
        Case::new("a negative length").step(STRANGER, Action::Bytes(vec![0xff, 0xff, 0xff, 0xff])),
        Case::new("HTTP").step(STRANGER, Action::Bytes(b"GET / HTTP/1.1\r\n\r\n".to_vec())),
        Case::new("HTTP on the PLAINTEXT listener")
            .step(ANONYMOUS, Action::Bytes(b"GET / HTTP/1.1\r\n\r\n".to_vec())),
        Case::new("an API that there is not").bytes_of(ANONYMOUS, 999, 0),
        Case::new("a version that there is not").bytes_of(ANONYMOUS, 3, 99),
        Case::new("an empty request").step(ANONYMOUS, Action::Frame(Vec::new())),
    ]
}

impl Case {
    /// ApiVersions v0, whose answer (the list) is not compared: the embedded broker has fewer APIs.
    fn send_quietly(mut self, who: Who) -> Self {
        let message = |_: &Memory| {
            let mut ask = ask(&ApiVersionsRequest::default(), 0);
            ask.show = |body, _, _, _| format!("error {:?}", &body[..2]);
            ask
        };
        self.steps.push(Step { who, action: Action::Send(Box::new(message)) });
        self
    }

    /// A header of any key and version, with nothing behind it.
    fn bytes_of(mut self, who: Who, key: i16, version: i16) -> Self {
        let message = move |_: &Memory| {
            let mut ask = ask(&ApiVersionsRequest::default(), 0);
            (ask.key, ask.version, ask.header) = (key, version, if version > 90 { 2 } else { 1 });
            ask.show = |body, _, _, _| format!("error {:?}", &body[..2]);
            ask
        };
        self.steps.push(Step { who, action: Action::Send(Box::new(message)) });
        self
    }

    /// SaslHandshake in a version that there is not.
    fn send_raw_version(self, who: Who) -> Self {
        self.bytes_of(who, 17, 9)
    }
}
