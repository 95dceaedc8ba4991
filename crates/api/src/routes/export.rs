//! `GET /api/v1/export?format=&entities=&from=&to=` or `?files=true`: states as one stream, or the list of Parquet files.

use std::io::{self, Write};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hearthline_core::{EntityId, Timestamp};
use hearthline_store::{ExportFormat, StatesQuery};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::parameters::{Query, instant, list};
use super::reading::blocking;
use crate::{ApiError, Reading};

/// Bytes that are sent at once, and how many such pieces wait for a slow reader.
const CHUNK: usize = 64 << 10;
const WAITING: usize = 4;

/// The parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    format: Option<String>,
    entities: Option<String>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    files: bool,
}

/// Streams; a reader that goes away ends it.
pub(super) async fn get(
    State(reading): State<Reading>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, ApiError> {
    if parameters.files {
        return files(reading).await;
    }
    let (format, media_type) = match parameters.format.as_deref() {
        None | Some("csv") => (ExportFormat::Csv, "text/csv; charset=utf-8"),
        Some("ndjson") => (ExportFormat::Ndjson, "application/x-ndjson"),
        Some("parquet") => (ExportFormat::Parquet, "application/vnd.apache.parquet"),
        Some(other) => {
            let why = format!("there is no format {other:?}");
            return Err(ApiError::parameter("format", why, "write csv, ndjson or parquet"));
        }
    };
    let ids = list(parameters.entities.as_deref());
    let query = StatesQuery {
        entities: (!ids.is_empty()).then(|| ids.into_iter().map(EntityId::from).collect()),
        renamed: true,
        from: instant("from", parameters.from.as_deref())?.unwrap_or(Timestamp(i64::MIN)),
        to: instant("to", parameters.to.as_deref())?.unwrap_or(Timestamp(i64::MAX)),
    };
    let (sender, mut receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = io::BufWriter::with_capacity(CHUNK, Sending(sender.clone()));
        let done = reading.store.export(&query, format, &mut out).map_err(io::Error::other);
        if let Err(error) = done.and_then(|()| out.flush()) {
            if sender.is_closed() {
                return; // the reader has seen enough
            }
            let _ = sender.blocking_send(Err(error)); // ends the answer before its end, which the reader notices
        }
    });
    // As long as nothing is sent, it can still be said why.
    let first = match receiver.recv().await {
        Some(Err(error)) => return Err(ApiError::inside("the export cannot be made", error.to_string())),
        first => first,
    };
    let rest = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    let chunks = stream::iter(first)
        .chain(rest)
        .inspect_err(|error: &io::Error| tracing::warn!("an export broke off: {error}"));
    Ok(([(header::CONTENT_TYPE, media_type)], Body::from_stream(chunks)).into_response())
}

async fn files(reading: Reading) -> Result<Response, ApiError> {
    let files = blocking("the list of files cannot be had", move || Ok(reading.store.files())).await?;
    let paths: Vec<String> = files.into_iter().map(|file| file.path.display().to_string()).collect();
    Ok(Json(paths).into_response())
}

/// The writing end of the answer. Waits for a slow reader.
struct Sending(mpsc::Sender<io::Result<Bytes>>);

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
