//! The port.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use super::HomeAssistant;

impl HomeAssistant {
    /// Opens a port and serves everyone who comes, in tasks of the runtime that live as long as it does. While
    /// connections are refused the port is closed, and it is the same port afterwards.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn listen(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        tokio::spawn(self.clone().keep_listening(listener, bound));
        Ok(bound)
    }

    async fn keep_listening(self, listener: TcpListener, address: SocketAddr) {
        let mut accepting = self.0.accepting.subscribe();
        let mut open = Some(listener);
        loop {
            if !*accepting.borrow_and_update() {
                open = None;
                if accepting.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let listener = match open.take() {
                Some(listener) => listener,
                None => match TcpListener::bind(address).await {
                    Ok(listener) => listener,
                    Err(error) => {
                        tracing::warn!(%address, %error, "the simulated port cannot be opened again yet");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => drop(tokio::spawn(self.clone().serve_owned(stream))),
                    Err(error) => {
                        tracing::warn!(%address, %error, "a connection was not accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                _ = accepting.changed() => {}
            }
            open = Some(listener);
        }
    }

    async fn serve_owned(self, stream: tokio::net::TcpStream) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no delay was not set");
        }
        self.serve(stream).await;
    }
}
