//! Reading from the store without holding up the other requests.

use hearthline_store::StoreError;

use crate::ApiError;

/// Runs a read, which blocks on the disk, on a thread where it may.
pub(super) async fn blocking<T: Send + 'static>(
    what: &'static str,
    read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(ApiError::inside(what, error.to_string())),
        Err(error) => Err(ApiError::inside(what, error.to_string())),
    }
}
