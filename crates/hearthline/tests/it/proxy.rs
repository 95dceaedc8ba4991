//! A line in this process between the program and a real peer, on which happens what happens on real lines and to servers that
//! are in trouble.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mischief {
    /// Nothing any more. What was swallowed stays so.
    #[default]
    None,
    /// The connection, and each after it, ends so long after the peer has said these words.
    EndAfter(&'static str, Duration),
    /// The connection ends; each after it ends in the middle of the client's WebSocket message that has these words.
    EndWithin(&'static str),
    /// The connection stays open and takes bytes, and none arrive any more. One that is made after it is well.
    Swallow,
    /// The connection ends; each request after it is answered here, with this status of HTTP.
    Answer(u16),
}

/// A proxy in front of one peer.
pub(crate) struct Proxy {
    address: SocketAddr,
    mischief: watch::Sender<Mischief>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    accepted: AtomicU64,
    done: AtomicU64,
}

impl Proxy {
    /// In front of `peer`, which need not be there yet. Ends with the test's runtime.
    pub(crate) async fn before(peer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mischief, counts) = (watch::Sender::default(), Arc::<Counts>::default());
        let peer: Arc<str> = peer.trim_start_matches("http://").into();
        let (told, counting) = (mischief.subscribe(), Arc::clone(&counts));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counting.accepted.fetch_add(1, Ordering::Relaxed);
                let (peer, told, counts) = (Arc::clone(&peer), told.clone(), Arc::clone(&counting));
                tokio::spawn(async move {
                    let line = Line::new(told, counts);
                    drop(line.carry(client, &peer).await); // a side that is gone ends the other
                });
            }
        });
        Self { address, mischief, counts }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on.
    pub(crate) fn cause(&self, mischief: Mischief) {
        self.mischief.send_replace(mischief);
    }

    /// Connections that came.
    pub(crate) fn accepted(&self) -> u64 {
        self.counts.accepted.load(Ordering::Relaxed)
    }

    /// Connections that were ended at the words, and requests that were answered here.
    pub(crate) fn done(&self) -> u64 {
        self.counts.done.load(Ordering::Relaxed)
    }
}

/// One connection.
struct Line {
    told: watch::Receiver<Mischief>,
    counts: Arc<Counts>,
    mischief: Mischief,
    swallows: bool,
    /// The last of what the peer said.
    heard: Vec<u8>,
    /// What the client said and is not a whole message yet.
    unsent: Vec<u8>,
    upgraded: bool,
}

impl Line {
    fn new(mut told: watch::Receiver<Mischief>, counts: Arc<Counts>) -> Self {
        // One that is made while others are swallowed is well.
        let mischief = *told.borrow_and_update();
        Self {
            told,
            counts,
            mischief,
            swallows: false,
            heard: Vec::new(),
            unsent: Vec::new(),
            upgraded: false,
        }
    }

    async fn carry(mut self, mut client: TcpStream, peer: &str) -> std::io::Result<()> {
        if let Mischief::Answer(status) = self.mischief {
            return self.answer(client, status).await;
        }
        let mut server = TcpStream::connect(peer).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut up, mut down) = ([0; 16 << 10], [0; 16 << 10]);
        loop {
            tokio::select! {
                changed = self.told.changed() => match changed.map(|()| *self.told.borrow_and_update()) {
                    Ok(Mischief::None) => {}
                    Ok(Mischief::Swallow) => self.swallows = true,
                    _ => return Ok(()),
                },
                read = client.read(&mut up) => match read? {
                    0 => return Ok(()),
                    _ if self.swallows => {}
                    length => {
                        let (passes, ends) = self.passing(&up[..length]);
                        server.write_all(&passes).await?;
                        if ends {
                            return self.end(Duration::ZERO).await;
                        }
                    }
                },
                read = server.read(&mut down), if !self.swallows => {
                    let said = match read? {
                        0 => return Ok(()),
                        length => &down[..length],
                    };
                    client.write_all(said).await?;
                    if let Mischief::EndAfter(words, after) = self.mischief && self.has_said(said, words) {
                        return self.end(after).await;
                    }
                }
            }
        }
    }

    async fn end(self, after: Duration) -> std::io::Result<()> {
        tokio::time::sleep(after).await;
        self.counts.done.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn has_said(&mut self, said: &[u8], words: &str) -> bool {
        self.heard.extend_from_slice(said);
        let found = contains(&self.heard, words);
        self.heard.drain(..self.heard.len().saturating_sub(words.len()));
        found
    }

    /// What of what the client says passes now, and whether the connection ends behind that.
    fn passing(&mut self, said: &[u8]) -> (Vec<u8>, bool) {
        let Mischief::EndWithin(words) = self.mischief else { return (said.to_vec(), false) };
        self.unsent.extend_from_slice(said);
        let mut passes = Vec::new();
        while let Some((length, text)) = self.whole() {
            let ends = contains(&text, words);
            let length = if ends { length / 2 } else { length };
            passes.extend(self.unsent.drain(..length));
            if ends {
                return (passes, true);
            }
        }
        (passes, false)
    }

    /// The first whole message of what is unsent: its length, and its text. The request for the WebSocket comes before them.
    fn whole(&mut self) -> Option<(usize, Vec<u8>)> {
        if !self.upgraded {
            let end = self.unsent.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
            self.upgraded = true;
            return Some((end, Vec::new()));
        }
        // RFC 6455, section 5.2; what a client says is masked.
        let (head, wide) = match self.unsent.get(1)? & 0x7f {
            126 => (4, 2),
            127 => (10, 8),
            _ => (2, 0),
        };
        let length = match wide {
            0 => usize::from(self.unsent[1] & 0x7f),
            wide => {
                let bytes = self.unsent.get(2..2 + wide)?.iter();
                bytes.fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
        };
        let mask = self.unsent.get(head..head + 4)?;
        let masked = self.unsent.get(head + 4..head + 4 + length)?;
        let text = masked.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        Some((head + 4 + length, text))
    }

    /// Takes one request and answers it.
    async fn answer(self, mut client: TcpStream, status: u16) -> std::io::Result<()> {
        let (mut request, mut piece) = (Vec::new(), [0; 16 << 10]);
        while !has_body(&request) {
            match client.read(&mut piece).await? {
                0 => return Ok(()),
                length => request.extend_from_slice(&piece[..length]),
            }
        }
        let body = r#"{"error":"something is wrong in here"}"#;
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status} Trouble\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        client.write_all(answer.as_bytes()).await?;
        self.counts.done.fetch_add(1, Ordering::Relaxed);
        client.shutdown().await
    }
}

/// Whether a request is there with all of its body.
fn has_body(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|end| end == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    request.len() >= end + 4 + length.unwrap_or(0)
}

fn contains(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}
