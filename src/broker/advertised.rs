//! `advertised.listeners`: the address with which a listener answers, where it is another than the one it has. A client
//! dials one address and goes on with the one that Metadata, FindCoordinator or DescribeCluster give it.

use super::session::Listener;

/// A host and a port, as clients are told.
pub(super) type Endpoint = (String, u16);

/// What each listener tells its clients; the address that they came to where nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    plaintext: Option<Endpoint>,
    sasl_plaintext: Option<Endpoint>,
    sasl_ssl: Option<Endpoint>,
}

impl Advertised {
    /// Reads Kafka's notation, `NAME://host:port`, separated by commas. An empty value sets nothing.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn parse(value: &str) -> Result<Advertised, String> {
        let mut advertised = Advertised::default();
        for entry in value.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, address) =
                entry.split_once("://").ok_or_else(|| format!("{entry:?} is not NAME://host:port"))?;
            let place = match name {
                "PLAINTEXT" => &mut advertised.plaintext,
                "SASL_PLAINTEXT" => &mut advertised.sasl_plaintext,
                "SASL_SSL" => &mut advertised.sasl_ssl,
                _ => {
                    let known = "PLAINTEXT, SASL_PLAINTEXT and SASL_SSL";
                    return Err(format!("{name} is no listener: they are {known}"));
                }
            };
            if place.replace(endpoint(address)?).is_some() {
                return Err(format!("{name} is there twice"));
            }
        }
        Ok(advertised)
    }

    /// What the clients of a listener are told, if it is set.
    pub fn of(&self, listener: Listener) -> Option<&Endpoint> {
        match listener {
            Listener::Plaintext => self.plaintext.as_ref(),
            Listener::SaslPlaintext => self.sasl_plaintext.as_ref(),
            Listener::SaslSsl => self.sasl_ssl.as_ref(),
        }
    }
}

fn endpoint(address: &str) -> Result<Endpoint, String> {
    let parts = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    let port =
        parts.and_then(|(host, port)| Some((host, port.parse::<u16>().ok().filter(|port| *port > 0)?)));
    let (host, port) = port.ok_or_else(|| format!("{address:?} is no host:port that a client could dial"))?;
    Ok((host.trim_matches(['[', ']']).to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listener_has_its_own_address_or_none() {
        let advertised = Advertised::parse("SASL_PLAINTEXT://kafka:9094").unwrap();
        assert_eq!(advertised.of(Listener::SaslPlaintext), Some(&("kafka".to_owned(), 9094)));
        assert_eq!(advertised.of(Listener::Plaintext), None);
        assert_eq!(Advertised::parse("").unwrap(), Advertised::default());
        let six = Advertised::parse("PLAINTEXT://[::1]:9092").unwrap();
        assert_eq!(six.of(Listener::Plaintext), Some(&("::1".to_owned(), 9092)));
    }

    #[test]
    fn what_no_client_could_dial_is_refused() {
        for wrong in [
            "kafka:9094",
            "SSL://kafka:9094",
            "PLAINTEXT://kafka",
            "PLAINTEXT://kafka:0",
            "PLAINTEXT://:9092",
            "PLAINTEXT://a:1,PLAINTEXT://b:2",
        ] {
            assert!(Advertised::parse(wrong).is_err(), "{wrong}");
        }
    }
}
