//! The stream under a connection: it counts what is written and can go dead without closing.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Open, bytes pass; shut, they do not, and nobody is told.
#[derive(Debug, Default)]
pub(super) struct Valve(Mutex<(bool, Vec<Waker>)>);

impl Valve {
    pub(super) fn shut(&self, shut: bool) {
        let mut state = self.0.lock();
        state.0 = shut;
        state.1.drain(..).for_each(Waker::wake);
    }

    fn poll_open(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if !state.0 {
            return Poll::Ready(());
        }
        state.1.push(context.waker().clone());
        Poll::Pending
    }

    /// Returns once it is open.
    pub(super) async fn open(&self) {
        poll_fn(|context| self.poll_open(context)).await;
    }
}

/// A stream behind a valve.
#[derive(Debug)]
pub(super) struct Line<S> {
    pub(super) stream: S,
    pub(super) valve: Arc<Valve>,
    pub(super) bytes_sent: Arc<AtomicU64>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        std::task::ready!(self.valve.poll_open(context));
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        std::task::ready!(self.valve.poll_open(context));
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.bytes_sent.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.valve.poll_open(context));
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.valve.poll_open(context));
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
