//! Bytes that mean harm cost their connection and nothing else.

use kafka_protocol::messages::MetadataRequest;

use super::{broker, connect, logged_in};

#[tokio::test]
async fn hostile_frames_cost_one_connection() {
    let broker = broker();
    let huge_length = 0x7fff_ffff_u32.to_be_bytes();
    let negative_length = (-1_i32).to_be_bytes();
    for bytes in [&huge_length[..], &negative_length[..], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00"]
    {
        for address in [broker.addresses().plaintext, broker.addresses().sasl_plaintext] {
            let mut connection = connect(address).await;
            connection.write_bytes(bytes).await.unwrap();
            assert!(matches!(connection.read_frame().await, Ok(None)), "{bytes:?}");
        }
    }
    let mut honest = connect(broker.addresses().plaintext).await;
    assert!(honest.send(&MetadataRequest::default(), 9).await.is_ok());
}

#[tokio::test]
async fn a_count_of_two_billion_elements_closes_the_connection() {
    let broker = broker();
    // In every API and version, where the first array's length may stand.
    for row in kafkalab::broker::api::APIS {
        for version in row.min..=row.max {
            for header_version in [1, 2] {
                let mut connection = logged_in(&broker, "nest").await;
                let body = [0x7f, 0xff, 0xff, 0xff].repeat(6);
                connection.submit_bytes(row.key, version, header_version, &body).await.unwrap();
                // Closed or answered, but alive.
                drop(connection);
            }
        }
    }
    let mut honest = connect(broker.addresses().plaintext).await;
    assert!(honest.send(&MetadataRequest::default(), 9).await.is_ok());
    broker.stop().unwrap();
}
