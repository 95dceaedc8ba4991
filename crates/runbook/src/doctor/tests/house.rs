//! What can be wrong on the way to Home Assistant and behind it.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock as _, Secret, SystemClock};
use hearthline_pipeline::sources::home_assistant::Trust;
use hearthline_sim::{Ending, Fault, HomeAssistant, House, Options};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::{Depth, Outcome, Peer, Running, Severity, Subject};
use super::program::status;
use super::rig::{Case, LOCAL, case, look, peer, subject};

const TOKEN: &str = "simulated-token";
const CERTIFICATE: &[u8] = include_bytes!("self-signed.crt");
/// Of the same key, that calls itself an authority.
const AUTHORITY: &[u8] = include_bytes!("authority.crt");
const KEY: &[u8] = include_bytes!("self-signed.key");

/// A house with some days of history.
pub(super) fn house(options: Options) -> HomeAssistant {
    let past = SystemClock::new().now().minus(Duration::from_secs(4 * 86_400));
    let house = House::of_size(1, past, 12).with_rate(0.02);
    HomeAssistant::new(house, Arc::new(SystemClock::new()), options)
}

async fn listening(house: &HomeAssistant) -> Peer {
    let address = house.listen(LOCAL).await.unwrap();
    peer(&format!("http://{address}"), TOKEN)
}

fn of(peer: Peer) -> Subject {
    Subject { home_assistant: Some(peer), ..subject() }
}

/// One whose house is in this state.
async fn with(fault: Fault) -> Subject {
    let house = house(Options::default());
    let peer = listening(&house).await;
    house.cause(fault);
    tokio::spawn(async move { house.run().await });
    of(peer)
}

async fn set_up(options: Options) -> Peer {
    listening(&house(options)).await
}

/// Something that answers every request with these bytes and closes.
async fn stranger(answer: &'static str) -> Peer {
    let listener = TcpListener::bind(LOCAL).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 2048];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    peer(&format!("http://{address}"), TOKEN)
}

/// A house behind TLS with a certificate of its own making.
async fn encrypted() -> Peer {
    encrypted_with(CERTIFICATE).await
}

async fn encrypted_with(certificate: &[u8]) -> Peer {
    let house = house(Options::default());
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(LOCAL).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (house, acceptor) = (house.clone(), acceptor.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    house.serve(stream).await;
                }
            });
        }
    });
    peer(&format!("https://localhost:{port}"), TOKEN)
}

pub(super) async fn cases() -> Vec<Case> {
    let mut cases = way().await;
    cases.extend(behind().await);
    cases
}

/// What ends the way.
async fn way() -> Vec<Case> {
    let refused = with(Fault::Refuse).await;
    let banned = set_up(Options { login_attempts_threshold: Some(1), ..Options::default() }).await;
    let wrong = |peer: &Peer| Peer { token: Arc::new(|| Secret::new("wrong")), ..peer.clone() };
    let extra = Trust { extra_pem: Some(CERTIFICATE.to_vec()), anyone: false };
    let authority = Trust { extra_pem: Some(AUTHORITY.to_vec()), anyone: false };
    let authority = of(Peer { trust: authority, ..encrypted_with(AUTHORITY).await });
    let anyone = Trust { extra_pem: None, anyone: true };
    vec![
        case("nothing is set", "ha-unset", subject()).await,
        case("nothing is wrong", "ha-token-ok", of(set_up(Options::default()).await)).await,
        case("a name that nobody knows", "ha-dns-unknown", of(peer("http://nowhere.invalid:8123", TOKEN)))
            .await,
        case("TCP is refused", "ha-tcp-refused", refused).await,
        case("a self-signed certificate", "ha-tls-failed", of(encrypted().await)).await,
        case("the same, named in ca_file", "ha-tls-ok", of(Peer { trust: extra, ..encrypted().await })).await,
        case("an authority's own, named in ca_file", "ha-tls-failed", authority).await,
        case("the same, unchecked", "ha-tls-unchecked", of(Peer { trust: anyone, ..encrypted().await }))
            .await,
        case("a proxy without a house", "ha-http-away", with(Fault::BadGateway).await).await,
        case(
            "another program",
            "ha-http-stranger",
            of(stranger("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await),
        )
        .await,
        case("no HTTP at all", "ha-http-stranger", of(stranger("SSH-2.0-OpenSSH_9.6\r\n").await)).await,
        case(
            "a proxy that lets no WebSocket through",
            "ha-websocket-failed",
            of(stranger("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await),
        )
        .await,
        case(
            "a server without a clock",
            "ha-clock-unknown",
            of(stranger("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await),
        )
        .await,
        case("a wrong token", "ha-token-refused", of(wrong(&banned))).await,
        case("an address that tried too often", "ha-http-banned", of(banned)).await,
        case(
            "a connection that breaks in the middle",
            "ha-websocket-broke",
            with(Fault::DropOn { command: "get_config".into(), ending: Ending::Close }).await,
        )
        .await,
    ]
}

/// What Home Assistant lets us know.
async fn behind() -> Vec<Case> {
    let guest = Options { admin: false, ..Options::default() };
    let narrow = Peer { events: vec!["call_service".into()], ..set_up(guest.clone()).await };
    let old = Options { version: "2023.1.0".into(), ..Options::default() };
    let young = HomeAssistant::new(
        House::empty(1, SystemClock::new().now()),
        Arc::new(SystemClock::new()),
        Options::default(),
    );
    young.set_state("sensor.a", "1", "{}");
    let restart = Fault::Restart {
        down: Duration::from_millis(500),
        starting: Duration::from_secs(3600),
        killed: false,
    };
    let large = Fault::LargeStates { bytes: 34 << 20 };
    vec![
        case("nothing is wrong", "ha-rights-ok", of(set_up(Options::default()).await)).await,
        case("history of some days", "ha-recorder-ok", of(set_up(Options::default()).await)).await,
        case("no administrator", "ha-rights-limited", of(set_up(guest).await)).await,
        case("no administrator, and all events are wanted", "ha-rights-short", of(narrow)).await,
        case(
            "the entity registry is refused",
            "ha-rights-limited",
            with(Fault::RefuseCommand("config/entity_registry/list".into())).await,
        )
        .await,
        case("an old release", "ha-version-old", of(set_up(old).await)).await,
        case("a house that starts", "ha-starting", started(restart).await).await,
        case("no recorder", "ha-recorder-absent", with(Fault::NoRecorder).await).await,
        case("a house of today", "ha-recorder-short", of(listening(&young).await)).await,
        case("a clock 10 s ahead", "ha-clock-skewed", with(Fault::ClockSkew { micros: 10_000_000 }).await)
            .await,
        case("a very large house", "ha-frame-large", with(large).await).await,
        case("states are refused", "ha-frame-unknown", with(Fault::RefuseCommand("get_states".into())).await)
            .await,
    ]
}

/// Once the port is open again.
async fn started(fault: Fault) -> Subject {
    let subject = with(fault).await;
    let address = subject.home_assistant.as_ref().unwrap().session.address.authority();
    let until = async |is_open| {
        while tokio::net::TcpStream::connect(&address).await.is_ok() != is_open {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // It is closed a moment after the fault is caused.
    let again = async {
        until(false).await;
        until(true).await;
    };
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("the port is open again");
    subject
}

#[tokio::test]
async fn where_nothing_is_wrong_each_step_is_timed_and_nothing_is_left_out() {
    let report = look(of(set_up(Options::default()).await), Depth::Try).await;
    assert_eq!(report.worst, Severity::Note, "only that nothing runs: {report:#?}");
    assert_eq!((report.outcome(), &report.skipped), (Outcome::Ok, &Vec::new()));
    for id in ["ha-dns-ok", "ha-tcp-ok", "ha-http-ok", "ha-websocket-ok", "ha-token-ok", "ha-frame-ok"] {
        let found = report.findings.iter().find(|finding| finding.id == id).unwrap_or_else(|| panic!("{id}"));
        assert!(found.took_ms.is_some_and(|took| took >= 0.0), "{found:?}");
    }
}

#[tokio::test]
async fn what_follows_a_step_that_failed_is_named_and_the_exit_says_unreachable() {
    let report = look(with(Fault::Refuse).await, Depth::Try).await;
    assert_eq!(report.outcome(), Outcome::Unreachable);
    let skipped: Vec<_> = report.skipped.iter().map(|skipped| skipped.check).collect();
    let behind = ["ha-tls", "ha-http", "ha-websocket", "ha-token", "ha-rights", "ha-version"];
    assert_eq!(skipped[..6], behind);
    assert!(report.skipped[0].why.contains("ha-tcp-refused"), "{:?}", report.skipped);
}

#[tokio::test]
async fn a_token_that_was_refused_is_not_tried_again_while_the_program_waits_for_another() {
    let house = house(Options::default());
    let mut subject = of(listening(&house).await);
    let mut status = status();
    (status.home_assistant.state, status.home_assistant.reason) =
        ("parked".into(), Some("home assistant refused the access token".into()));
    subject.running = Running::Yes { pid: 1, address: LOCAL, status: Box::new(status) };
    let report = look(subject, Depth::Look).await;
    let found = report.findings.iter().find(|finding| finding.id == "ha-token-refused").unwrap();
    assert!(found.says.contains("was not tried again"), "{found:?}");
    assert_eq!(house.counters().auth_attempts, 0);
}

#[tokio::test]
async fn one_look_logs_in_once() {
    let house = house(Options::default());
    look(of(listening(&house).await), Depth::Try).await;
    let counters = house.counters();
    assert_eq!((counters.auth_attempts, counters.auth_failures), (1, 0));
}
