//! The four messages of an exchange: the grammar of Kafka's `ScramMessages`, which is that of RFC 5802 section 7 with
//! names and values limited to ASCII. Unknown extensions are read and ignored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// `n,[a=authzid],[m=…,]n=user,r=nonce[,extensions]`. Only the header `n` (no channel binding) exists in Kafka.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClientFirst {
    /// As sent, escapes and all; empty if absent. Kafka compares it with the username without unescaping it.
    pub(super) authorization_id: String,
    pub(super) username: String,
    pub(super) nonce: String,
    /// Whether the extension `tokenauth=true` asks for a login by delegation token.
    pub(super) token_authenticated: bool,
    /// The part that both sides sign. A reserved `m=…` is not in it, so whoever sends one fails later, as in Kafka.
    pub(super) bare: String,
}

impl ClientFirst {
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let rest = std::str::from_utf8(message).ok()?.strip_prefix("n,")?;
        let (authorization_id, rest) = rest.split_once(',')?;
        let authorization_id = match authorization_id.strip_prefix("a=") {
            Some(name) => unescape(name).map(|_| name)?,
            None if authorization_id.is_empty() => "",
            None => return None,
        };
        let bare = match rest.strip_prefix("m=") {
            Some(reserved) => {
                let (value, bare) = reserved.split_once(',')?;
                is_value(value).then_some(bare)?
            }
            None => rest,
        };
        let mut parts = bare.split(',');
        let username = unescape(parts.next()?.strip_prefix("n=")?)?;
        let nonce = parts.next()?.strip_prefix("r=").filter(|nonce| is_printable(nonce))?;
        let extensions = parts.map(extension).collect::<Option<Vec<_>>>()?;
        Some(Self {
            authorization_id: authorization_id.to_owned(),
            username,
            nonce: nonce.to_owned(),
            token_authenticated: extensions
                .iter()
                .rev()
                .find(|(name, _)| *name == "tokenauth")
                .is_some_and(|(_, value)| value.eq_ignore_ascii_case("true")),
            bare: bare.to_owned(),
        })
    }
}

/// `[m=…,]r=nonce,s=salt,i=iterations[,extensions]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerFirst {
    pub(super) nonce: String,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl ServerFirst {
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(message).ok()?.split(',').peekable();
        parts.next_if(|part| part.strip_prefix("m=").is_some_and(is_value));
        let nonce = parts.next()?.strip_prefix("r=").filter(|nonce| is_printable(nonce))?.to_owned();
        let salt = BASE64.decode(parts.next()?.strip_prefix("s=")?).ok()?;
        let iterations = parts.next()?.strip_prefix("i=")?;
        let iterations =
            iterations.bytes().all(|b| b.is_ascii_digit()).then(|| iterations.parse().ok())??;
        parts.all(|part| extension(part).is_some()).then_some(Self { nonce, salt, iterations })
    }

    pub(super) fn to_message(&self) -> String {
        format!("r={},s={},i={}", self.nonce, BASE64.encode(&self.salt), self.iterations)
    }
}

/// `c=channel,r=nonce[,extensions],p=proof`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClientFinal {
    pub(super) nonce: String,
    pub(super) proof: Vec<u8>,
    /// The part that both sides sign: `c=…,r=…`, without extensions. Kafka does not look into the channel binding.
    pub(super) without_proof: String,
}

impl ClientFinal {
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let (signed, proof) = std::str::from_utf8(message).ok()?.rsplit_once(",p=")?;
        let proof = BASE64.decode(proof).ok()?;
        let mut parts = signed.split(',');
        let channel = parts.next()?.strip_prefix("c=").filter(|channel| BASE64.decode(channel).is_ok())?;
        let nonce = parts.next()?.strip_prefix("r=").filter(|nonce| is_printable(nonce))?;
        let without_proof = format!("c={channel},r={nonce}");
        let nonce = nonce.to_owned();
        parts.all(|part| extension(part).is_some()).then_some(Self { nonce, proof, without_proof })
    }
}

/// `e=error` or `v=signature[,extensions]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ServerFinal {
    Error(String),
    Signature(Vec<u8>),
}

impl ServerFinal {
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(message).ok()?;
        if let Some(error) = text.strip_prefix("e=") {
            return Some(Self::Error(error.to_owned()));
        }
        let signature = text.strip_prefix("v=")?.split(',').next()?;
        BASE64.decode(signature).ok().map(Self::Signature)
    }
}

/// A user name as a `saslname`: `=` and `,` escaped.
pub(super) fn escape(username: &str) -> String {
    username.replace('=', "=3D").replace(',', "=2C")
}

/// Undoes [`escape`]; `None` if it is no saslname (empty, not ASCII, or a `=` that escapes nothing).
fn unescape(saslname: &str) -> Option<String> {
    let mut parts = saslname.split('=');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (character, rest) = match part.get(..2)? {
            "2C" => (',', &part[2..]),
            "3D" => ('=', &part[2..]),
            _ => return None,
        };
        name.push(character);
        name.push_str(rest);
    }
    is_value(saslname).then_some(name)
}

/// `name=value` with a name of letters.
fn extension(part: &str) -> Option<(&str, &str)> {
    let (name, value) = part.split_once('=')?;
    let letters = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    (letters && is_value(value)).then_some((name, value))
}

fn is_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (0x01..=0x7f).contains(&byte) && byte != b',')
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b',')
}
