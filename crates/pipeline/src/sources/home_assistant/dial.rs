//! From an address to an open stream.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::tls::{Trust, TrustError};
use super::{Address, SessionError};

/// How long name, connection and encryption may take, each.
const WITHIN: Duration = Duration::from_secs(10);

/// A stream of bytes in both directions.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Opens a stream to the peer. A simulation hands in its own.
pub type Dial =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Box<dyn Io>, SessionError>> + Send>> + Send + Sync>;

/// Opens TCP connections, encrypted where the address says so.
///
/// # Errors
/// When the certificates to trust cannot be used.
pub fn tcp(address: Address, trust: &Trust) -> Result<Dial, TrustError> {
    let tls = if address.tls { Some(trust.client_config()?) } else { None };
    let address = Arc::new(address);
    Ok(Arc::new(move || {
        let (address, tls) = (Arc::clone(&address), tls.clone());
        Box::pin(async move {
            let stream = connect(&address).await?;
            match tls {
                Some(config) => {
                    encrypt(&address, config, stream).await.map(|stream| Box::new(stream) as Box<dyn Io>)
                }
                None => Ok(Box::new(stream) as Box<dyn Io>),
            }
        })
    }))
}

async fn connect(address: &Address) -> Result<TcpStream, SessionError> {
    let late = |what| SessionError::Late { address: address.authority(), what, within: WITHIN };
    let unknown =
        |source| SessionError::Resolve { host: address.host.clone(), local: address.is_local_name(), source };
    let lookup = tokio::net::lookup_host((address.host.as_str(), address.port));
    let found = timeout(WITHIN, lookup).await.map_err(|_| late("resolve"))?.map_err(unknown)?;
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for candidate in found {
        match timeout(WITHIN, TcpStream::connect(candidate)).await {
            Ok(Ok(stream)) => {
                // Pings measure lag, so they must not wait for company. Not all systems have it; it is no failure.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(SessionError::Connect { address: address.authority(), source: last })
}

async fn encrypt(
    address: &Address,
    config: Arc<ClientConfig>,
    stream: TcpStream,
) -> Result<impl Io + use<>, SessionError> {
    let failed = |source| SessionError::Tls { address: address.authority(), source };
    let name = ServerName::try_from(address.host.clone()).map_err(|e| failed(io::Error::other(e)))?;
    let connecting = TlsConnector::from(config).connect(name, stream);
    let late = |_| SessionError::Late { address: address.authority(), what: "agree on TLS", within: WITHIN };
    timeout(WITHIN, connecting).await.map_err(late)?.map_err(failed)
}
