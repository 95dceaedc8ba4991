use std::sync::Arc;

use hearthline_core::Secret;
use tokio::io::DuplexStream;

use super::*;

/// A broker at the other end of a pipe.
fn broker(user: Option<&str>) -> (Broker, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let ours = parking_lot::Mutex::new(Some(ours));
    let dial: Dial = Arc::new(move || {
        let ours = ours.lock().take();
        Box::pin(async move { Ok(Box::new(ours.expect("dialled once")) as Box<dyn Io>) })
    });
    let address = Address { tls: false, host: "broker".into(), port: 1883, path: "/".into() };
    let password = user.map(|_| Secret::new("s3cret"));
    (Broker { address, dial, client: "hl".into(), user: user.map(Into::into), password }, theirs)
}

async fn bytes(theirs: &mut DuplexStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    theirs.read_exact(&mut bytes).await.unwrap();
    bytes
}

fn said(topic: &str, payload: &str) -> Said {
    Said { topic: topic.into(), payload: payload.into() }
}

#[tokio::test]
async fn it_connects_with_a_will_says_something_and_leaves_in_the_bytes_of_the_standard() {
    let (broker, mut theirs) = broker(Some("me"));
    let will = said("h/a", "off");
    let work = async {
        let mut session = Session::open(&broker, Some(&will)).await.unwrap();
        session.publish(&said("h/s", "21")).await.unwrap();
        session.ping().await.unwrap();
        session.close().await;
    };
    let answers = async {
        let connect =
            b"\x10\x24\x00\x04MQTT\x04\xe6\x00\x1e\x00\x02hl\x00\x03h/a\x00\x03off\x00\x02me\x00\x06s3cret";
        assert_eq!(bytes(&mut theirs, connect.len()).await, connect);
        theirs.write_all(&[0x20, 2, 0, 0]).await.unwrap();
        assert_eq!(bytes(&mut theirs, 9).await, b"\x31\x07\x00\x03h/s21");
        assert_eq!(bytes(&mut theirs, 2).await, [0xC0, 0]);
        theirs.write_all(&[0xD0, 0]).await.unwrap();
        assert_eq!(bytes(&mut theirs, 2).await, [0xE0, 0]);
        assert_eq!(theirs.read(&mut [0; 1]).await.unwrap(), 0, "and closes");
    };
    tokio::join!(work, answers);
}

#[tokio::test]
async fn each_refusal_has_its_words_and_waits_for_a_person() {
    for (code, words) in [(4, "wrong user or password"), (5, "not allowed"), (9, "does not say why")] {
        let (broker, mut theirs) = broker(None);
        let answer = async {
            bytes(&mut theirs, 16).await;
            theirs.write_all(&[0x20, 2, 0, code]).await.unwrap();
        };
        let (opened, ()) = tokio::join!(Session::open(&broker, None), answer);
        let error = opened.err().unwrap();
        assert!(!error.passes());
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_says_nothing_or_nonsense_is_given_up() {
    let (silent, theirs) = broker(None);
    let error = Session::open(&silent, None).await.err().unwrap();
    assert_eq!(error.to_string(), "the connection to the broker at broker:1883 broke (no answer within 5 s)");
    assert!(error.passes());
    drop(theirs);
    let (odd, mut theirs) = broker(None);
    theirs.write_all(b"HTTP/1.1 400 Bad Request\r\n").await.unwrap();
    // The second byte says how long the rest is; there is not as much.
    theirs.shutdown().await.unwrap();
    assert!(Session::open(&odd, None).await.is_err());
}

#[test]
fn lengths_are_written_seven_bits_at_a_time() {
    for (rest, head) in [
        (0, vec![0x31, 0]),
        (127, vec![0x31, 127]),
        (128, vec![0x31, 0x80, 1]),
        (16_384, vec![0x31, 0x80, 0x80, 1]),
    ] {
        let packet = packet(0x31, &vec![7; rest]).unwrap();
        assert_eq!((packet.get(..head.len()).unwrap(), packet.len()), (&*head, head.len() + rest));
    }
    assert!(text(&mut Vec::new(), &"x".repeat(65_536)).is_none());
}
