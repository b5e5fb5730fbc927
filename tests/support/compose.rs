//! Reads a compose file as far as the tests need it.

use std::collections::BTreeMap;
use std::fs;

use serde_norway::Value;

/// A compose file with its merge keys (`<<`) resolved.
#[derive(Debug)]
pub struct Compose(Value);

/// One service of a compose file.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// Its name, which is also its host name on the containers' network.
    pub name: &'a str,
    value: &'a Value,
}

impl Compose {
    /// Reads the file of that name in the repository's root.
    pub fn read(file: &str) -> Compose {
        let text = fs::read_to_string(super::root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        Compose::parse(&text).unwrap_or_else(|e| panic!("{file}: {e}"))
    }

    /// Reads the text of a compose file.
    pub fn parse(text: &str) -> Result<Compose, serde_norway::Error> {
        let mut value: Value = serde_norway::from_str(text)?;
        value.apply_merge()?;
        Ok(Compose(value))
    }

    /// The whole file.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Every service, in the file's order.
    pub fn services(&self) -> Vec<Service<'_>> {
        let services = self.0["services"].as_mapping().expect("`services` is a mapping");
        services.iter().map(|(name, value)| Service { name: name.as_str().unwrap(), value }).collect()
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Service<'_> {
        let found = self.services().into_iter().find(|service| service.name == name);
        found.unwrap_or_else(|| panic!("no service `{name}`"))
    }

    /// The services that are Kafka brokers: those with a node id.
    pub fn brokers(&self) -> Vec<Service<'_>> {
        let mut services = self.services();
        services.retain(|service| service.environment().contains_key("KAFKA_NODE_ID"));
        services
    }
}

impl<'a> Service<'a> {
    /// A key of the service, [`Value::Null`] if it is absent.
    pub fn get(&self, key: &str) -> &'a Value {
        self.value.get(key).unwrap_or(&Value::Null)
    }

    /// The variables of `environment`, with compose's `$$` read as `$`.
    ///
    /// # Panics
    /// If a value would be interpolated by compose (`${NAME}`): the lab's files say what they mean.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let Some(environment) = self.get("environment").as_mapping() else { return BTreeMap::new() };
        environment.iter().map(|(name, value)| (name.as_str().unwrap().to_owned(), scalar(value))).collect()
    }

    /// The words of `command`.
    pub fn command(&self) -> Vec<String> {
        self.get("command").as_sequence().into_iter().flatten().map(scalar).collect()
    }

    /// The published ports as (port on the host, port in the container).
    pub fn ports(&self) -> Vec<(u16, u16)> {
        let port = |text: &str| text.parse().unwrap_or_else(|_| panic!("`{text}` is not a port"));
        let entries = self.get("ports").as_sequence().into_iter().flatten().map(scalar);
        entries
            .map(|entry| {
                let (host, container) = entry.rsplit_once(':').expect("`host:container`");
                (port(host.rsplit(':').next().unwrap()), port(container))
            })
            .collect()
    }

    /// The mounts as (volume or path on the host, path in the container).
    pub fn volumes(&self) -> Vec<(String, String)> {
        let entries = self.get("volumes").as_sequence().into_iter().flatten().map(scalar);
        entries
            .map(|entry| {
                let mut parts = entry.split(':');
                (parts.next().unwrap().to_owned(), parts.next().expect("`source:target`").to_owned())
            })
            .collect()
    }
}

/// A string, number or boolean as compose hands it to a container.
fn scalar(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("compose needs quotes around {other:?}"),
    };
    let plain = text.replace("$$", "\0");
    assert!(!plain.contains('$'), "`{text}`: compose would interpolate this; write `$$`");
    plain.replace('\0', "$")
}
