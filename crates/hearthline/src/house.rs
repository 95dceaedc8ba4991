//! The recorded house as a command sees it: through the running program where there is one, else through the data
//! folder. Both answer the same requests with the same documents, because the second is the first's routes without its
//! network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use hearthline_api::Reading;
use hearthline_core::{Clock, RealFs, SystemClock};
use hearthline_runbook::Status;
use hearthline_store::Store;
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use crate::app::store_config;
use crate::running::{self, Running};
use crate::settings::{Secret, Settings};

/// Nothing runs on the data folder, or it does not answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreachable(pub(crate) String);

/// Where a command gets its answers.
pub(crate) enum House {
    /// From the running program.
    Running(Program),
    /// From the files in the data folder.
    Folder(axum::Router),
}

/// The running program's API.
pub(crate) struct Program {
    client: reqwest::Client,
    address: SocketAddr,
    token: Option<Secret>,
}

type Chunks = Pin<Box<dyn Stream<Item = anyhow::Result<Bytes>> + Send>>;

impl House {
    /// The running program, or the folder.
    ///
    /// # Errors
    /// When there is neither, or as the disk says.
    pub(crate) fn find(settings: &Settings) -> anyhow::Result<Self> {
        match Program::of(settings)? {
            Some(program) => Ok(Self::Running(program)),
            None => folder(settings).map(Self::Folder),
        }
    }

    /// Asks for a document.
    ///
    /// # Errors
    /// In the words of the answer.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<T> {
        let chunks = self.stream(path, query).await?;
        let whole: Vec<u8> = chunks.map_ok(|chunk| chunk.to_vec()).try_concat().await?;
        serde_json::from_slice(&whole).with_context(|| format!("the answer to {path} cannot be read"))
    }

    /// Asks for something long, which comes in pieces.
    ///
    /// # Errors
    /// In the words of the answer.
    pub(crate) async fn stream(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Chunks> {
        let path = with_query(path, query);
        match self {
            Self::Running(program) => program.send(Method::GET, &path).await,
            Self::Folder(router) => {
                let request = Request::get(&path).body(Body::empty())?;
                let response = router.clone().oneshot(request).await?;
                let status = response.status();
                let chunks = response.into_body().into_data_stream().map_err(anyhow::Error::from);
                accepted(status, Box::pin(chunks)).await
            }
        }
    }
}

impl Program {
    /// The program that runs on the settings' data folder.
    ///
    /// # Errors
    /// As the disk says.
    pub(crate) fn of(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let data_dir = &settings.data_dir;
        let found =
            running::find(data_dir).with_context(|| format!("cannot look into {}", data_dir.display()))?;
        let Some(Running { address, .. }) = found else { return Ok(None) };
        let token = crate::api_token::load(data_dir).unwrap_or_default();
        Ok(Some(Self {
            client: reqwest::Client::builder().no_proxy().build()?,
            address: reachable(address),
            token,
        }))
    }

    /// The same, where a command cannot do without.
    ///
    /// # Errors
    /// [`Unreachable`] when nothing runs; else as the disk says.
    pub(crate) fn required(settings: &Settings) -> anyhow::Result<Self> {
        let nothing = || {
            let dir = settings.data_dir.display();
            Unreachable(match running::not_listening(&settings.data_dir) {
                Some(pid) => {
                    format!("process {pid} on {dir} is starting or ending and does not answer yet; ask again")
                }
                None => format!("nothing is running on {dir}; start it with `hearthline run`"),
            })
        };
        Self::of(settings)?.ok_or_else(|| nothing().into())
    }

    /// Where it is asked.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks for a document.
    ///
    /// # Errors
    /// In the words of the answer.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> anyhow::Result<T> {
        self.read(path, self.send(method, path).await?).await
    }

    async fn read<T: DeserializeOwned>(&self, path: &str, chunks: Chunks) -> anyhow::Result<T> {
        let whole: Vec<u8> = chunks.map_ok(|chunk| chunk.to_vec()).try_concat().await?;
        serde_json::from_slice(&whole).with_context(|| format!("the answer to {path} cannot be read"))
    }

    /// Asks for a document, with what is asked after the `?`.
    ///
    /// # Errors
    /// In the words of the answer.
    pub(crate) async fn query<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<T> {
        self.ask(Method::GET, &with_query(path, query)).await
    }

    /// Asks for something to be done, with what is asked after the `?`.
    ///
    /// # Errors
    /// In the words of the answer.
    pub(crate) async fn order<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<T> {
        self.ask(Method::POST, &with_query(path, query)).await
    }

    /// Asks for something to be done, with a document that says what.
    ///
    /// # Errors
    /// In the words of the answer.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> anyhow::Result<T> {
        let request = self.request(Method::POST, path).json(body);
        self.read(path, self.answer(request).await?).await
    }

    /// Asks how it is doing.
    ///
    /// # Errors
    /// In the words of the answer.
    pub(crate) async fn status(&self) -> anyhow::Result<Status> {
        self.ask(Method::GET, "/api/v1/status").await
    }

    async fn send(&self, method: Method, path: &str) -> anyhow::Result<Chunks> {
        self.answer(self.request(method, path)).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Chunks> {
        let response = request.send().await.map_err(|e| {
            Unreachable(format!("the program at {} does not answer: {}", self.address, e.without_url()))
        })?;
        let status = response.status();
        let chunks = stream::try_unfold(response, |mut response| async move {
            Ok(response.chunk().await?.map(|chunk| (chunk, response)))
        });
        accepted(status, Box::pin(chunks)).await
    }
}

/// The chunks of a good answer; the words of another.
async fn accepted(status: StatusCode, chunks: Chunks) -> anyhow::Result<Chunks> {
    if status.is_success() {
        return Ok(chunks);
    }
    let whole: Vec<u8> = chunks.take(64).map_ok(|chunk| chunk.to_vec()).try_concat().await?;
    match serde_json::from_slice::<hearthline_api::error::Document>(&whole) {
        Ok(document) => {
            let words = document.error;
            anyhow::bail!("{}: {}; {}", words.what, words.why, words.todo)
        }
        Err(_) => anyhow::bail!("the program answered {status}"),
    }
}

/// The address to ask for one that listens on all.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// A name as one piece of a path.
pub(crate) fn segment(name: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    encoded.replace('+', "%20") // which means a space after the ? alone
}

fn with_query(path: &str, query: &[(&str, String)]) -> String {
    if query.is_empty() {
        return path.into();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{path}?{query}")
}

fn folder(settings: &Settings) -> anyhow::Result<axum::Router> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let recorded = recorded(settings, &clock)?.with_context(|| running::nothing_in(&settings.data_dir))?;
    Ok(hearthline_api::reading(recorded))
}

/// What the data folder has, for questions while nothing is recorded; none where it has no store yet.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn recorded(settings: &Settings, clock: &Arc<dyn Clock>) -> anyhow::Result<Option<Reading>> {
    let config = store_config(settings);
    if !config.dir.is_dir() {
        return Ok(None);
    }
    let filter = Arc::new(settings.filter.compiled()?);
    let store = Store::open_read_only(Arc::new(RealFs), Arc::clone(clock), config)?;
    Ok(Some(Reading {
        store: Arc::new(store),
        filter: Arc::new(move || Arc::clone(&filter)),
        clock: Arc::clone(clock),
        silent: Arc::new(Arc::default),
        left_out: Arc::new(Vec::new),
    }))
}
