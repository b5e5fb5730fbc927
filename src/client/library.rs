//! Which librdkafka this program carries, and what was built into it.

use rdkafka::ClientConfig;

/// The version of librdkafka, such as `2.12.1`.
pub fn version() -> String {
    rdkafka::util::get_rdkafka_version().1
}

/// The features that librdkafka was built with, by its own names (`sasl_scram`, `zstd`): its property
/// `builtin.features`. Empty if it does not say.
pub fn features() -> Vec<String> {
    let built_in =
        ClientConfig::new().create_native_config().and_then(|config| config.get("builtin.features"));
    let list = built_in.unwrap_or_default();
    list.split(',')
        .map(|name| name.trim_matches(['\0', ' ']).to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn librdkafka_tells_its_version_and_what_is_built_in() {
        assert!(version().starts_with("2."), "{}", version());
        let features = features();
        for needed in ["gzip", "snappy", "sasl_plain"] {
            assert!(features.iter().any(|name| name == needed), "{needed} is not in {features:?}");
        }
    }
}
