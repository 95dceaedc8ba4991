//! From an address to an open stream.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
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

/// The way to an address, in the steps that it takes.
#[derive(Clone)]
pub struct Way {
    address: Address,
    tls: Option<Arc<ClientConfig>>,
}

/// Opens TCP connections, encrypted where the address says so.
///
/// # Errors
/// When the certificates to trust cannot be used.
pub fn tcp(address: Address, trust: &Trust) -> Result<Dial, TrustError> {
    let way = Arc::new(Way::new(address, trust)?);
    Ok(Arc::new(move || {
        let way = Arc::clone(&way);
        Box::pin(async move {
            let found = way.resolve().await?;
            way.encrypt(way.connect(&found).await?).await
        })
    }))
}

impl Way {
    /// Encrypted where the address says so.
    ///
    /// # Errors
    /// When the certificates to trust cannot be used.
    pub fn new(address: Address, trust: &Trust) -> Result<Self, TrustError> {
        let tls = if address.tls { Some(trust.client_config()?) } else { None };
        Ok(Self { address, tls })
    }

    /// What the name stands for.
    ///
    /// # Errors
    /// When it is not known.
    pub async fn resolve(&self) -> Result<Vec<SocketAddr>, SessionError> {
        let address = &self.address;
        let unknown = |source| SessionError::Resolve {
            host: address.host.clone(),
            local: address.is_local_name(),
            source,
        };
        let lookup = tokio::net::lookup_host((address.host.as_str(), address.port));
        let found = timeout(WITHIN, lookup).await.map_err(|_| self.late("resolve"))?.map_err(unknown)?;
        Ok(found.collect())
    }

    /// Connects to the first of these that takes a connection.
    ///
    /// # Errors
    /// When none does.
    pub async fn connect(&self, to: &[SocketAddr]) -> Result<TcpStream, SessionError> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for candidate in to {
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
        Err(SessionError::Connect { address: self.address.authority(), source: last })
    }

    /// Encrypts the stream, where the address says so.
    ///
    /// # Errors
    /// When the other side speaks no TLS, or its certificate is not trusted.
    pub async fn encrypt(&self, stream: TcpStream) -> Result<Box<dyn Io>, SessionError> {
        let Some(config) = &self.tls else { return Ok(Box::new(stream)) };
        let failed = |source| SessionError::Tls { address: self.address.authority(), source };
        let name =
            ServerName::try_from(self.address.host.clone()).map_err(|e| failed(io::Error::other(e)))?;
        let connecting = TlsConnector::from(Arc::clone(config)).connect(name, stream);
        let stream = timeout(WITHIN, connecting).await.map_err(|_| self.late("agree on TLS"))?;
        Ok(Box::new(stream.map_err(failed)?))
    }

    fn late(&self, what: &'static str) -> SessionError {
        SessionError::Late { address: self.address.authority(), what, within: WITHIN }
    }
}
