//! A broker at the end of a bad line: every byte comes, few at a time and late.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::program::{kafkalab, kafkalab_fed};
use crate::support::embedded::Embedded;
use crate::support::folder;

/// What the line takes at once, and how long it rests after that: 50 KB/s.
const BYTES: usize = 100;
const REST: Duration = Duration::from_millis(2);

/// Carries what one side says to the other, slowly.
fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; BYTES];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            return;
        }
        thread::park_timeout(REST);
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// Stands before a broker until the test ends.
fn stand_before(line: TcpListener, broker: String) {
    thread::spawn(move || {
        for client in line.incoming().flatten() {
            let Ok(server) = TcpStream::connect(&broker) else { return };
            let (back, forth) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || carry(client, server));
            thread::spawn(move || carry(forth, back));
        }
    });
}

#[test]
fn what_is_slow_is_not_taken_for_gone() {
    let line = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = line.local_addr().unwrap().to_string();
    let folder = folder();
    let advertised = format!("advertised.listeners=SASL_PLAINTEXT://{address}");
    let broker = Embedded::start_in(&folder.join("data"), Some(&folder), &["-c", &advertised]).unwrap();
    stand_before(line, broker.sasl.clone());

    let at = ["-b", &address, "-t", "phase4-slow"];
    let created = kafkalab(&["topics", "create", "phase4-slow", "--partitions", "1", "-b", &address]);
    assert_eq!(created.code, 0, "{created:?}");
    let records = (0..200).map(|number| format!("{number:0>200}\n")).collect::<String>();
    let written = kafkalab_fed(&[&["phase1", "produce", "-q"], &at[..]].concat(), &records);
    assert_eq!(written.code, 0, "{written:?}");
    let read = kafkalab(&[&["phase1", "consume", "-o", "start:end", "-q", "-f", "%s\\n"], &at[..]].concat());
    assert_eq!((read.code, &read.stdout), (0, &records), "{}", read.stderr);
}
