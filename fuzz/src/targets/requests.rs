//! Bytes on a connection to a broker.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use kafkalab::broker::{Broker, Config, Handle};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Handshake and token of a login as nest, with PLAIN, each in a frame.
const LOGIN: &[u8] = b"\0\0\0\x13\0\x11\0\x01\0\0\0\x01\0\x02me\0\x05PLAIN\
    \0\0\0\x24\0\x24\0\0\0\0\0\x02\0\x02me\0\0\0\x10\0nest\0nest-secret";

/// The first byte chooses where: 0 the open listener, 1 the one with logins, anything else that one after a login. The
/// rest is sent as it is. The broker must end the connection soon after the client did.
pub fn request(bytes: &[u8]) {
    static BROKER: OnceLock<Handle> = OnceLock::new();
    let broker = BROKER.get_or_init(|| Broker::start(Config::default()).expect("loopback has ports"));
    let Some((place, sent)) = bytes.split_first() else { return };
    let addresses = broker.addresses();
    let address = if *place == 0 { addresses.plaintext } else { addresses.sasl_plaintext };
    let mut connection = TcpStream::connect(address).expect("the broker listens");
    connection.set_read_timeout(Some(PATIENCE)).expect("a time");
    // A broker that has closed already refuses the rest: its right.
    if *place > 1 {
        let _ = connection.write_all(LOGIN);
    }
    let _ = connection.write_all(sent).and_then(|()| connection.shutdown(Shutdown::Write));
    let mut answers = [0; 4096];
    loop {
        match connection.read(&mut answers) {
            Ok(0) => return,
            Ok(_) => {}
            // libFuzzer's clock.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
            Err(error) => panic!("the broker keeps the connection: {error}"),
        }
    }
}
