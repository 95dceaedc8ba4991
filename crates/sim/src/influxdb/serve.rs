//! The port, the connections, and what goes wrong on them.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::http::{Reply, Request};
use super::{InfluxDb, InfluxFault, InfluxVersion, v1, v2, v3};

/// Between two tries to open the port again.
const AGAIN: Duration = Duration::from_millis(100);

pub(super) async fn listen(server: InfluxDb, address: SocketAddr) -> io::Result<SocketAddr> {
    let mut listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            server.accept(listener).await;
            let mut open = server.0.open.subscribe();
            if open.wait_for(|open| *open).await.is_err() {
                return;
            }
            listener = loop {
                match TcpListener::bind(bound).await {
                    Ok(listener) => break listener,
                    Err(error) => {
                        tracing::warn!(%bound, %error, "the simulated port cannot be opened again yet")
                    }
                }
                tokio::time::sleep(AGAIN).await;
            };
        }
    });
    Ok(bound)
}

impl InfluxDb {
    /// Takes connections until the port is to be closed; they are closed then, too.
    async fn accept(&self, listener: TcpListener) {
        let mut open = self.0.open.subscribe();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let _ = stream.set_nodelay(true); // as a server in Go does
                        let (server, mut open) = (self.clone(), self.0.open.subscribe());
                        tokio::spawn(async move {
                            tokio::select! {
                                result = server.serve(stream) => if let Err(error) = result {
                                    tracing::debug!(%error, "a connection to the simulated InfluxDB ended");
                                },
                                () = closed(&mut open) => {}
                            }
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection was not accepted");
                        tokio::time::sleep(AGAIN).await;
                    }
                },
                () = closed(&mut open) => return,
            }
        }
    }

    /// Answers one request after the other on a stream.
    pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> io::Result<()> {
        self.0.state.lock().counters.connections += 1;
        loop {
            let mut request = Request::read(&mut stream).await?;
            let is_write = is_write(&request);
            let fault = self.arrived(is_write);
            match fault {
                Some(InfluxFault::CutRequest) if is_write => return Ok(()),
                Some(InfluxFault::Slow(by)) => tokio::time::sleep(by).await,
                _ => {}
            }
            let reply = match fault.and_then(|fault| fault.reply(&request, is_write)) {
                Some(reply) => reply,
                None => self.answer_to_a_part(fault.filter(|_| is_write), &mut request)?,
            };
            let bytes = reply.to_bytes();
            match fault {
                Some(InfluxFault::Silent) if is_write => pending().await,
                Some(InfluxFault::CutAnswer) if is_write => {
                    let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                    stream.write_all(half).await?;
                    return stream.flush().await;
                }
                _ => stream.write_all(&bytes).await?,
            }
            stream.flush().await?;
            if is_write {
                *self.0.state.lock().counters.answers.entry(reply.status).or_default() += 1;
            }
        }
    }

    /// What it says when some lines of a write are not to its taste, or nothing is wrong.
    fn answer_to_a_part(&self, fault: Option<InfluxFault>, request: &mut Request) -> io::Result<Reply> {
        let unwanted = fault.and_then(|fault| Some((fault, fault.unwanted()?)));
        let Some((fault, word)) = unwanted else { return Ok(self.answer(request)) };
        let (lines, others) = request.pass_over(word)?;
        let reply = if others { self.answer(request) } else { Reply::empty(204) };
        if lines.is_empty() || reply.status != 204 {
            return Ok(reply);
        }
        self.0.state.lock().counters.refused += lines.len() as u64;
        Ok(fault.partial(&lines, others))
    }

    /// Counts a request; answers with what goes wrong with it.
    fn arrived(&self, is_write: bool) -> Option<InfluxFault> {
        let mut state = self.0.state.lock();
        state.counters.requests += 1;
        state.counters.writes += u64::from(is_write);
        let (fault, writes) = state.fault?;
        match writes {
            None => Some(fault),
            Some(_) if !is_write => None,
            Some(writes) => {
                state.fault = (writes > 1).then_some((fault, Some(writes - 1)));
                Some(fault)
            }
        }
    }

    /// What it says to a request when nothing is wrong.
    pub(super) fn answer(&self, request: &Request) -> Reply {
        let now = self.now();
        let mut state = self.0.state.lock();
        match self.0.version {
            InfluxVersion::V1 => v1::answer(&mut state, request, now),
            InfluxVersion::V2 => v2::answer(&mut state, request, now),
            InfluxVersion::V3 => v3::answer(&mut state, request, now),
        }
    }
}

async fn closed(open: &mut watch::Receiver<bool>) {
    // The sender lives as long as the server does.
    let _ = open.wait_for(|open| !*open).await;
}

fn is_write(request: &Request) -> bool {
    matches!(request.route(), ("POST", "/write" | "/api/v2/write" | "/api/v3/write_lp"))
}
