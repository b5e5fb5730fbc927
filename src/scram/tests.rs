//! RFC 7677's vector, both sides against each other, and Kafka's readings of the grammar.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;

use super::message::{ClientFirst, escape};
use super::*;

const RFC_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const RFC_SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const RFC_CHALLENGE: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const RFC_ANSWER: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                          p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const RFC_SIGNATURE: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
const INVALID: &str = "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256";

fn rfc_credential() -> Credential {
    let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
    Credential::from_password(Mechanism::Sha256, "pencil", salt, 4096)
}

/// The server's answer to a first message, when only `user` (password `pencil`) has a credential.
fn first(message: &str) -> Result<ServerStep, Refused> {
    let mut exchange = ServerExchange::new(Mechanism::Sha256);
    exchange.step(message.as_bytes(), "server", |name| (name == "user").then(rfc_credential))
}

/// The server's answer to the RFC's exchange with another final message.
fn last(message: &str) -> Result<ServerStep, Refused> {
    let mut exchange = ServerExchange::new(Mechanism::Sha256);
    let first = format!("n,,n=user,r={RFC_NONCE}");
    exchange.step(first.as_bytes(), RFC_SERVER_NONCE, |_| Some(rfc_credential())).unwrap();
    exchange.step(message.as_bytes(), "", |_| None)
}

#[test]
fn the_client_speaks_as_rfc_7677_does() {
    let mut client = ClientExchange::new(Mechanism::Sha256, "user", "pencil".into(), RFC_NONCE.to_owned());
    assert_eq!(client.start(), b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    assert_eq!(String::from_utf8(client.answer(RFC_CHALLENGE.as_bytes()).unwrap()).unwrap(), RFC_ANSWER);
    assert_eq!(client.verify(RFC_SIGNATURE.as_bytes()), Ok(()));
    assert_eq!(client.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="), Err(ClientError::Malformed));
    assert_eq!(
        client.verify(b"v=AAriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
        Err(ClientError::WrongSignature)
    );
    assert_eq!(client.verify(b"e=other-error"), Err(ClientError::Server("other-error".to_owned())));
}

#[test]
fn the_server_speaks_as_rfc_7677_does() {
    let mut exchange = ServerExchange::new(Mechanism::Sha256);
    let challenge = exchange
        .step(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO", RFC_SERVER_NONCE, |_| Some(rfc_credential()))
        .unwrap();
    assert_eq!(challenge, ServerStep::Challenge(RFC_CHALLENGE.into()));
    let done = exchange.step(RFC_ANSWER.as_bytes(), "", |_| None).unwrap();
    assert_eq!(done, ServerStep::Done { username: "user".to_owned(), token: RFC_SIGNATURE.into() });
    assert_eq!(exchange.step(RFC_ANSWER.as_bytes(), "", |_| None).unwrap_err().cause, Cause::OutOfOrder);
}

#[test]
fn every_refusal_but_one_has_the_same_text() {
    let wrong_proof = RFC_ANSWER.replace("p=dHzb", "p=AAAA");
    for (refused, cause) in [
        (first("n,,n=stranger,r=abc"), Cause::NoCredential),
        (first("n,,n=user,r=abc,tokenauth=true"), Cause::NoCredential),
        (first("garbage"), Cause::Malformed),
        (last(&wrong_proof), Cause::WrongProof),
        (last("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=AAAA"), Cause::WrongProof),
        (last("c=biws,r=rOprNGfwEbeRWgbNEkqO,p=AAAA"), Cause::WrongNonce),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!((refused.cause, refused.to_string().as_str()), (cause, INVALID));
    }
    assert_eq!(
        first("n,a=admin,n=user,r=abc").unwrap_err().to_string(),
        "Authentication failed: Client requested an authorization id that is different from username"
    );
}

#[test]
fn a_credential_with_too_few_iterations_is_refused() {
    let mut exchange = ServerExchange::new(Mechanism::Sha512);
    let weak = Credential::from_password(Mechanism::Sha512, "pencil", vec![1], 4095);
    let refused = exchange.step(b"n,,n=user,r=abc", "server", |_| Some(weak)).unwrap_err();
    assert_eq!(refused.cause, Cause::TooFewIterations);
}

#[test]
fn the_header_is_read_as_kafka_reads_it() {
    for good in [
        "n,,n=user,r=abc",
        "n,a=user,n=user,r=abc",
        "n,,m=ext,n=user,r=abc",
        "n,,n=user,r=abc,tokenauth=false",
        "n,,n=user,r=a=b!~,foo=bar=baz",
    ] {
        assert!(first(good).is_ok(), "{good}");
    }
    for bad in [
        "y,,n=user,r=abc",
        "p=tls-unique,,n=user,r=abc",
        "n,user,n=user,r=abc",
        "n,a=,n=user,r=abc",
        "n,,n=,r=abc",
        "n,,n=us=er,r=abc",
        "n,,n=us=2cer,r=abc",
        "n,,n=usér,r=abc",
        "n,,n=user,r=",
        "n,,n=user,r=a c",
        "n,,n=user,r=abc,",
        "n,,n=user,r=abc,foo",
        "n,,n=user,r=abc,f0o=bar",
        "n,,n=user",
        "n,n=user,r=abc",
        "",
    ] {
        assert_eq!(first(bad).map_err(|refused| refused.cause), Err(Cause::Malformed), "{bad}");
    }
}

#[test]
fn names_are_escaped_on_the_wire_only() {
    let message = ClientFirst::parse(b"n,,n=a=2Cb=3Dc,r=abc").unwrap();
    assert_eq!((message.username.as_str(), message.bare.as_str()), ("a,b=c", "n=a=2Cb=3Dc,r=abc"));
}

#[test]
fn a_client_refuses_a_challenge_that_is_not_for_it() {
    let mut client = ClientExchange::new(Mechanism::Sha256, "user", "pencil".into(), "mine".to_owned());
    assert_eq!(client.answer(b"r=yours1,s=AAAA,i=4096"), Err(ClientError::WrongNonce));
    assert_eq!(client.answer(b"r=mine1,s=AAAA,i=1"), Err(ClientError::Iterations(1)));
    assert_eq!(client.answer(b"r=mine1,s=AAAA,i=2000000000"), Err(ClientError::Iterations(2_000_000_000)));
    assert_eq!(client.answer(b"r=mine1,s=AAAA,i=+4096"), Err(ClientError::Malformed));
    assert_eq!(
        client.verify(b"v="),
        Err(ClientError::WrongSignature),
        "nothing was answered, nothing is proven"
    );
}

#[test]
fn debug_output_shows_no_secret() {
    let mut server = ServerExchange::new(Mechanism::Sha256);
    server.step(b"n,,n=user,r=abc", "server", |_| Some(rfc_credential())).unwrap();
    let client = ClientExchange::new(Mechanism::Sha256, "user", "pencil".into(), "abc".to_owned());
    let shown = format!("{server:?} {client:?} {:?}", rfc_credential());
    assert!(!shown.contains("pencil"), "{shown}");
    let key = format!("{:?}", rfc_credential().stored_key);
    assert!(!shown.contains(key.trim_matches(['[', ']'])), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn both_sides_agree_exactly_when_the_password_is_right(
        name in "[ -~]{1,12}", password in "\\PC{0,12}", typed in "\\PC{0,12}", sha512: bool,
    ) {
        let mechanism = if sha512 { Mechanism::Sha512 } else { Mechanism::Sha256 };
        let credential = Credential::from_password(mechanism, &password, b"salt".to_vec(), MIN_ITERATIONS);
        for typed in [&password, &typed] {
            let mut client = ClientExchange::new(mechanism, &name, typed.as_str().into(), nonce([7; 24]));
            let mut server = ServerExchange::new(mechanism);
            let ServerStep::Challenge(challenge) =
                server.step(&client.start(), &nonce([9; 24]), |_| Some(credential.clone())).unwrap()
            else { panic!("the first token is challenged") };
            match server.step(&client.answer(&challenge).unwrap(), "", |_| None) {
                Ok(ServerStep::Done { username, token }) => {
                    prop_assert_eq!((&username, typed), (&name, &password));
                    prop_assert_eq!(client.verify(&token), Ok(()));
                }
                Ok(step) => panic!("{step:?}"),
                Err(refused) => {
                    prop_assert_eq!(refused.cause, Cause::WrongProof);
                    prop_assert_ne!(typed, &password);
                }
            }
        }
    }

    #[test]
    fn escaping_goes_round_trip(name in "[ -~]{1,30}") {
        let message = format!("n,,n={},r=abc", escape(&name));
        prop_assert_eq!(ClientFirst::parse(message.as_bytes()).unwrap().username, name);
    }

    #[test]
    fn no_token_panics(token: Vec<u8>, text in "[nymarcp=,0-9A-D/+é]{0,40}") {
        for token in [token, text.into_bytes()] {
            let mut exchange = ServerExchange::new(Mechanism::Sha256);
            let _ = exchange.step(&token, "server", |_| Some(rfc_credential()));
            let mut client = ClientExchange::new(Mechanism::Sha256, "user", "pencil".into(), "C".to_owned());
            let _ = client.answer(&token);
            let _ = client.verify(&token);
        }
    }
}
