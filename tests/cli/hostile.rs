//! Whatever answers at the address, a command ends with an error block: it does not die, does not wait for ever, takes no
//! memory that was only announced, and shows no byte that a terminal obeys.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::program::{Run, kafkalab};

const API_VERSIONS: i16 = 18;
const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;
const METADATA: i16 = 3;
const DESCRIBE_ACLS: i16 = 29;

/// What these do to a terminal: clear it, rename it, begin a control sequence.
const OBEYED: &str = "\x1b[2J\x1b]0;title\x07\u{9b}31m";

/// What a false broker answers to a request: bytes as they are, or nothing, and the connection is closed.
type Answer = fn(&Request) -> Option<Vec<u8>>;

struct Request {
    api: i16,
    correlation_id: [u8; 4],
    /// Where it was sent to.
    port: u16,
}

impl Request {
    fn read(stream: &mut TcpStream) -> std::io::Result<Request> {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut frame)?;
        let number = |at: usize| i16::from_be_bytes([frame[at], frame[at + 1]]);
        let correlation_id = frame[4..8].try_into().unwrap();
        Ok(Request { api: number(0), correlation_id, port: stream.local_addr()?.port() })
    }

    /// An answer in its frame.
    fn framed(&self, body: &[&[u8]]) -> Vec<u8> {
        let body = body.concat();
        let length = (body.len() as u32 + 4).to_be_bytes();
        [&length[..], &self.correlation_id, &body].concat()
    }

    /// What a broker answers that has everything this program could ask for, and asks for a login.
    fn honest(&self) -> Option<Vec<u8>> {
        match self.api {
            API_VERSIONS => {
                let apis = [
                    (METADATA, 9),
                    (SASL_HANDSHAKE, 1),
                    (API_VERSIONS, 3),
                    (DESCRIBE_ACLS, 2),
                    (SASL_AUTHENTICATE, 1),
                ];
                let row = |(api, newest): &(i16, i16)| {
                    [&api.to_be_bytes()[..], &[0, 0], &newest.to_be_bytes(), &[0]].concat()
                };
                let rows: Vec<u8> = apis.iter().flat_map(row).collect();
                Some(self.framed(&[&[0, 0, apis.len() as u8 + 1], &rows, &[0; 5]]))
            }
            SASL_HANDSHAKE => Some(self.framed(&[&[0, 0, 0, 0, 0, 1, 0, 5], b"PLAIN"])),
            // No error, no message, no token, for ever.
            SASL_AUTHENTICATE => Some(self.framed(&[&[0, 0, 0xff, 0xff], &[0; 12]])),
            _ => None,
        }
    }
}

/// A listener that answers every connection in this way until the test ends.
fn broker(answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                while let Ok(request) = Request::read(&mut stream) {
                    let Some(bytes) = answer(&request) else { return };
                    let _ = stream.write_all(&bytes);
                }
            });
        }
    });
    address
}

/// Every kind of command against a false broker, at once.
fn each(answer: Answer, check: impl Fn(&[&str], &Run)) {
    let commands: [&[&str]; 5] = [
        &["topics", "list"],
        &["acl", "list"],
        &["doctor", "--phase", "admin"],
        &["phase1", "produce", "-t", "phase1-x"],
        &["phase1", "consume", "-t", "phase1-x"],
    ];
    let address = broker(answer);
    let run = |command: &[&str]| kafkalab(&[command, &["--timeout", "1s", "-b", &address]].concat());
    thread::scope(|scope| {
        let runs = commands.map(|command| (command, scope.spawn(move || run(command))));
        for (command, run) in runs {
            check(command, &run.join().unwrap());
        }
    });
}

/// Not reached, and said in a few lines that a terminal can show.
fn not_reached(command: &[&str], run: &Run) {
    assert_eq!(run.code, 3, "{command:?} {run:?}");
    is_shown(command, run);
}

fn is_shown(command: &[&str], run: &Run) {
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{command:?} {run:?}");
    assert!(said.len() < 20_000, "{command:?} prints {} bytes", said.len());
}

#[test]
fn a_count_of_two_billion_elements_takes_no_memory() {
    // The count of APIs, and then the count in whatever is asked next.
    each(|request| Some(request.framed(&[&[0, 0], b"\xfe\xff\xff\xff\x07", &[0; 20]])), not_reached);
    each(
        |request| request.honest().or_else(|| Some(request.framed(&[&[0x7f; 40]]))),
        |command, run| {
            assert!((1..=5).contains(&run.code), "{command:?} {run:?}");
            is_shown(command, run);
        },
    );
}

#[test]
fn frames_that_are_none() {
    each(|_| Some(b"\x7f\xff\xff\xffxxxx".to_vec()), not_reached);
    each(|_| Some(vec![0xff; 4]), not_reached);
    each(|request| Some(request.framed(&[&[0xff; 60]])), not_reached);
    each(|_| Some(b"SSH-2.0-OpenSSH_9\r\n".to_vec()), not_reached);
}

#[test]
fn answers_to_another_question_and_none_at_all() {
    each(|request| Request { correlation_id: [9; 4], ..*request }.honest(), not_reached);
    each(|_| Some(Vec::new()), not_reached);
    each(|_| None, not_reached);
    // Announced and begun, never ended.
    each(|request| Some([&99_000_000_u32.to_be_bytes()[..], &request.correlation_id].concat()), not_reached);
}

#[test]
fn names_of_mechanisms_and_floods_of_them_are_shown_and_not_obeyed() {
    let answer: Answer = |request| match request.api {
        SASL_HANDSHAKE => {
            let long = "M".repeat(30_000);
            let names =
                [OBEYED, &long].map(|name| [&(name.len() as u16).to_be_bytes(), name.as_bytes()].concat());
            Some(request.framed(&[&[0, 33, 0, 0, 0, 2], &names.concat()]))
        }
        _ => request.honest(),
    };
    each(answer, |command, run| {
        assert_eq!(run.code, 4, "{command:?} {run:?}");
        assert!(format!("{}{}", run.stdout, run.stderr).contains("\\x1b[2J"), "{command:?} {run:?}");
        is_shown(command, run);
    });
}

#[test]
fn a_refusal_of_three_megabytes_is_cut() {
    let answer: Answer = |request| match request.api {
        DESCRIBE_ACLS => {
            let words = [OBEYED, &"E".repeat(3_000_000)].concat();
            // One more than the length, seven bits a byte.
            let length = words.len() as u32 + 1;
            let length: Vec<u8> = (0..4)
                .map(|byte| (length >> (7 * byte)) as u8 & 0x7f | if byte < 3 { 0x80 } else { 0 })
                .collect();
            Some(request.framed(&[&[0, 0, 0, 0, 0, 0, 31], &length, words.as_bytes(), &[1, 0]]))
        }
        METADATA => {
            // One broker, here, that is the controller; no topics.
            let here = [b"\x0a127.0.0.1\0\0", &request.port.to_be_bytes()[..], &[0, 0]].concat();
            Some(request.framed(&[&[0; 5], &[2, 0, 0, 0, 1], &here, &[0, 0, 0, 0, 1], &[1, 0, 0, 0, 0, 0]]))
        }
        _ => request.honest(),
    };
    let run = kafkalab(&["acl", "list", "-b", &broker(answer)]);
    assert_eq!(run.code, 5, "{:.2000}", run.stderr);
    assert!(run.complains("\\x1b[2J"), "{run:?}");
    is_shown(&["acl", "list"], &run);
    // And where it is the reason why something else is shown.
    let explain = ["acl", "explain", "--principal", "nest", "--operation", "READ", "--topic", "x"];
    let run = kafkalab(&[&explain[..], &["-b", &broker(answer)]].concat());
    assert!(run.complains("Why it could not be asked"), "{run:?}");
    is_shown(&explain, &run);
}
