//! What can be wrong with those who are told.

use std::net::SocketAddr;

use hearthline_pipeline::mqtt::Broker;
use hearthline_pipeline::sources::home_assistant::{Address, Trust, dial};
use hearthline_pipeline::webhook::{Shape, Webhook};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::super::Subject;
use super::rig::{Case, LOCAL, case, subject};

/// Listens, and says this to whatever comes.
async fn says(answers: &'static [&'static [u8]]) -> SocketAddr {
    let listener = TcpListener::bind(LOCAL).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                for answer in answers {
                    drop(stream.read(&mut [0; 1024]).await);
                    drop(stream.write_all(answer).await);
                }
                drop(stream.read(&mut [0; 1024]).await);
            });
        }
    });
    address
}

/// Where nobody listens.
async fn nobody() -> SocketAddr {
    TcpListener::bind(LOCAL).await.unwrap().local_addr().unwrap()
}

fn telling(address: SocketAddr) -> Subject {
    let hook = Webhook {
        url: format!("http://{address}/hook").parse().unwrap(),
        shape: Shape::Slack,
        token: None,
        headers: Vec::new(),
        trust: Trust::default(),
    };
    Subject { places: vec![("phone".into(), hook)], ..subject() }
}

fn over(at: SocketAddr) -> Subject {
    let address = Address { tls: false, host: at.ip().to_string(), port: at.port(), path: "/".into() };
    let dial = dial::tcp(address.clone(), &Trust::default()).unwrap();
    let broker = Broker { address, dial, client: "hearthline".into(), user: None, password: None };
    Subject { broker: Some(broker), ..subject() }
}

pub(super) async fn cases() -> Vec<Case> {
    let there = says(&[b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"]).await;
    let broker = says(&[&[0x20, 2, 0, 0], &[0xD0, 0]]).await;
    let refuses = says(&[&[0x20, 2, 0, 5]]).await;
    vec![
        case("nobody is told", "notify-none", subject()).await,
        case("a place answers", "notify-ok", telling(there)).await,
        case("nobody is at a place", "notify-away", telling(nobody().await)).await,
        case("no broker is named", "mqtt-none", subject()).await,
        case("a broker lets us in", "mqtt-ok", over(broker)).await,
        case("a broker is away", "mqtt-away", over(nobody().await)).await,
        case("a broker refuses", "mqtt-refuses", over(refuses)).await,
    ]
}
