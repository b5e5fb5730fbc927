//! Which layer wins, and what each of them may say.

use secrecy::ExposeSecret as _;

use super::super::Library;
use super::super::lab::RunningTls;
use super::*;

fn lab(tls: Option<RunningTls>) -> RunningLab {
    RunningLab { plaintext: "127.0.0.1:4002".to_owned(), sasl: "127.0.0.1:4004".to_owned(), tls }
}

fn phase1(over: &Overrides, variables: &[(&str, &str)]) -> Result<Profile> {
    let file = Library::default().load(ProfileName::Phase1).unwrap();
    let variable =
        |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    resolve(ProfileName::Phase1, file, over, &variable)
}

#[test]
fn the_highest_layer_wins_and_is_named() {
    let mut over = Overrides::default();
    assert_eq!(
        phase1(&over, &[]).unwrap().bootstrap_server.to_string(),
        "localhost:9094 (phases/phase1/profile.toml:4)"
    );
    let variables = [("KAFKALAB_BOOTSTRAP_SERVER", "b:1")];
    assert_eq!(
        phase1(&over, &variables).unwrap().bootstrap_server.to_string(),
        "b:1 (KAFKALAB_BOOTSTRAP_SERVER)"
    );
    over.bootstrap_server = Some("c:1".to_owned());
    assert_eq!(phase1(&over, &variables).unwrap().bootstrap_server.to_string(), "c:1 (-b)");
    over.properties = vec![("bootstrap.servers".to_owned(), "d:1".to_owned())];
    assert_eq!(phase1(&over, &variables).unwrap().bootstrap_server.to_string(), "d:1 (-X)");
}

#[test]
fn the_files_of_tls_have_the_same_layers() {
    let mut over = Overrides::default();
    let variables = [("KAFKALAB_SSL_CA_FILE", "v.pem")];
    let ca_file = |over: &Overrides| phase1(over, &variables).unwrap().ssl.ca_file.unwrap().to_string();
    assert_eq!(ca_file(&over), "v.pem (KAFKALAB_SSL_CA_FILE)");
    over.properties = vec![("ssl.ca.location".to_owned(), "x.pem".to_owned())];
    assert_eq!(ca_file(&over), "x.pem (-X)");
    assert!(phase1(&over, &[]).unwrap().properties.is_empty(), "librdkafka gets it once");
}

#[test]
fn of_two_named_listeners_phase_0_takes_the_one_without_a_login() {
    let over = Overrides {
        bootstrap_server: Some("b:1".to_owned()),
        plaintext_server: Some("p:1".to_owned()),
        ..Overrides::default()
    };
    let phase0 = |over: &Overrides| {
        let file = Library::default().load(ProfileName::Phase0).unwrap();
        let variable = |name: &str| (name == "KAFKALAB_PLAINTEXT_SERVER").then(|| "v:1".to_owned());
        resolve(ProfileName::Phase0, file, over, &variable).unwrap().bootstrap_server.to_string()
    };
    assert_eq!(phase0(&over), "p:1 (--plaintext-server)");
    assert_eq!(phase0(&Overrides { plaintext_server: None, ..over.clone() }), "b:1 (-b)");
    assert_eq!(phase0(&Overrides::default()), "v:1 (KAFKALAB_PLAINTEXT_SERVER)");
    assert_eq!(phase1(&over, &[]).unwrap().bootstrap_server.to_string(), "b:1 (-b)");
}

#[test]
fn a_protocol_for_all_phases_is_not_meant_for_the_one_without_a_login() {
    let variable = |name: &str| (name == "KAFKALAB_SECURITY_PROTOCOL").then(|| "SASL_SSL".to_owned());
    let phase0 = |over: &Overrides| {
        let file = Library::default().load(ProfileName::Phase0).unwrap();
        resolve(ProfileName::Phase0, file, over, &variable).map(|profile| profile.security_protocol.value)
    };
    assert_eq!(phase0(&Overrides::default()).unwrap(), SecurityProtocol::Plaintext);
    let nobody = Overrides { principal: Some(NOBODY.to_owned()), ..Overrides::default() };
    assert_eq!(phase0(&nobody).unwrap(), SecurityProtocol::Plaintext);
    let named = Overrides { principal: Some("laravel".to_owned()), ..Overrides::default() };
    assert!(phase0(&named).is_err(), "laravel has no password there");
    let variables = [("KAFKALAB_SECURITY_PROTOCOL", "SASL_SSL")];
    let phase1 = phase1(&Overrides::default(), &variables).unwrap();
    assert_eq!(phase1.security_protocol.value, SecurityProtocol::SaslSsl);
}

#[test]
fn the_principal_brings_its_password_persona_and_group() {
    let over = Overrides { principal: Some("nest".to_owned()), ..Overrides::default() };
    let profile = phase1(&over, &[]).unwrap();
    assert_eq!(profile.principal().to_string(), "User:nest (--as)");
    assert_eq!(profile.actor.password.unwrap().value.expose_secret(), "nest-secret");
    assert_eq!(profile.actor.persona.value, PersonaName::Nest);
    let over = Overrides { password: Some(SecretString::from("typed")), ..over };
    let profile = phase1(&over, &[("KAFKALAB_SASL_PASSWORD", "from the environment")]).unwrap();
    assert_eq!(profile.actor.password.unwrap().value.expose_secret(), "typed");
}

#[test]
fn an_unknown_principal_is_answered_with_the_nearest() {
    let over = Overrides { principal: Some("larvel".to_owned()), ..Overrides::default() };
    let error = phase1(&over, &[]).unwrap_err();
    assert_eq!(error.to_string(), "the profile phases/phase1/profile.toml has no principal `larvel`");
    assert_eq!(error.hints[0].in_lang(crate::words::Lang::En), "Did you mean `laravel`?");
}

#[test]
fn without_a_login_everybody_is_anonymous() {
    let over = Overrides {
        properties: vec![("security.protocol".to_owned(), "plaintext".to_owned())],
        ..Overrides::default()
    };
    let profile = phase1(&over, &[]).unwrap();
    assert_eq!(profile.principal().to_string(), "User:ANONYMOUS (-X)");
    assert!(profile.mechanism.is_none() && profile.actor.password.is_none());
}

#[test]
fn a_lab_on_other_ports_is_found_unless_another_address_was_given() {
    let over = Overrides { lab: Some(lab(None)), ..Overrides::default() };
    let profile = phase1(&over, &[]).unwrap();
    assert_eq!(profile.bootstrap_server.to_string(), "127.0.0.1:4004 (lab)");
    assert_eq!(profile.plaintext_server.unwrap().to_string(), "127.0.0.1:4002 (lab)");
    let plaintext = Overrides {
        properties: vec![("security.protocol".to_owned(), "PLAINTEXT".to_owned())],
        lab: over.lab.clone(),
        ..Overrides::default()
    };
    assert_eq!(phase1(&plaintext, &[]).unwrap().bootstrap_server.to_string(), "127.0.0.1:4004 (lab)");
    let over = Overrides { bootstrap_server: Some("localhost:9094".to_owned()), ..over };
    assert_eq!(phase1(&over, &[]).unwrap().bootstrap_server.to_string(), "localhost:9094 (-b)");
}

#[test]
fn who_asks_for_tls_means_the_labs_listener_that_has_it() {
    let tls = RunningTls { address: "127.0.0.1:4006".to_owned(), ca_file: "ca.pem".to_owned() };
    let over = Overrides {
        properties: vec![("security.protocol".to_owned(), "SASL_SSL".to_owned())],
        lab: Some(lab(Some(tls))),
        ..Overrides::default()
    };
    let profile = phase1(&over, &[]).unwrap();
    assert_eq!(profile.bootstrap_server.to_string(), "127.0.0.1:4006 (lab)");
    assert_eq!(profile.ssl.ca_file.unwrap().to_string(), "ca.pem (lab)");
    // Whoever names the address is helped with the authority, not with the address.
    let named = Overrides { bootstrap_server: Some("localhost:4006".to_owned()), ..over.clone() };
    let profile = phase1(&named, &[]).unwrap();
    assert_eq!(profile.bootstrap_server.to_string(), "localhost:4006 (-b)");
    assert_eq!(profile.ssl.ca_file.unwrap().to_string(), "ca.pem (lab)");
    let elsewhere = Overrides { bootstrap_server: Some("kafka:4006".to_owned()), ..over.clone() };
    assert!(phase1(&elsewhere, &[]).unwrap().ssl.ca_file.is_none());
    let plain = Overrides { properties: Vec::new(), ..over };
    assert_eq!(phase1(&plain, &[]).unwrap().bootstrap_server.to_string(), "127.0.0.1:4004 (lab)");
}

#[test]
fn a_password_is_refused_as_a_property() {
    for name in ["sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem"] {
        assert!(Overrides::property(&format!("{name}=x")).is_err(), "{name}");
    }
    assert_eq!(Overrides::property("a=b=c").unwrap(), ("a".to_owned(), "b=c".to_owned()));
}
