//! The stream under a connection: it counts what is written, can go dead without closing, can break at any byte and can be
//! slow.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// When connections break by the number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cut {
    #[default]
    Never,
    /// So many bytes from now, whichever connection they are written on.
    Once(u64),
    /// Each new connection after so many bytes.
    Each(u64),
}

/// Between two pieces on a line that is slow.
const PIECE: Duration = Duration::from_millis(50);

/// Open, bytes pass; shut, they do not, and nobody is told.
#[derive(Debug, Default)]
pub(super) struct Valve(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    shut: bool,
    waiting: Vec<Waker>,
    cut: Cut,
    /// Bytes a second from the server; 0 is without a limit.
    rate: u64,
}

impl Valve {
    pub(super) fn shut(&self, shut: bool) {
        let mut state = self.0.lock();
        state.shut = shut;
        state.waiting.drain(..).for_each(Waker::wake);
    }

    pub(super) fn cut(&self, cut: Cut) {
        self.0.lock().cut = cut;
    }

    pub(super) fn throttle(&self, bytes_per_second: u64) {
        self.0.lock().rate = bytes_per_second;
    }

    pub(super) fn heal(&self) {
        self.cut(Cut::Never);
        self.throttle(0);
        self.shut(false);
    }

    #[cfg(test)]
    pub(super) fn is_healed(&self) -> bool {
        let state = self.0.lock();
        !state.shut && state.cut == Cut::Never && state.rate == 0
    }

    fn poll_open(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if !state.shut {
            return Poll::Ready(());
        }
        state.waiting.push(context.waker().clone());
        Poll::Pending
    }

    /// Returns once it is open.
    pub(super) async fn open(&self) {
        poll_fn(|context| self.poll_open(context)).await;
    }

    /// The most that is written at once, and how long until more is.
    fn pace(&self) -> Option<(usize, Duration)> {
        let rate = self.0.lock().rate;
        let piece = usize::try_from(rate / 20).unwrap_or(usize::MAX).max(1);
        (rate > 0).then_some((piece, PIECE))
    }

    /// How many of so many bytes pass before the break. At the break itself, once, none.
    fn before_break(&self, bytes: usize) -> usize {
        let mut state = self.0.lock();
        match state.cut {
            Cut::Once(0) => {
                state.cut = Cut::Never;
                0
            }
            Cut::Once(left) => bytes.min(usize::try_from(left).unwrap_or(usize::MAX)),
            Cut::Never | Cut::Each(_) => bytes,
        }
    }

    fn passed(&self, bytes: usize) {
        if let Cut::Once(left) = &mut self.0.lock().cut {
            *left = left.saturating_sub(bytes as u64);
        }
    }
}

/// A stream behind a valve.
#[derive(Debug)]
pub(super) struct Line<S> {
    stream: S,
    valve: Arc<Valve>,
    bytes_sent: Arc<AtomicU64>,
    /// Bytes until this connection breaks.
    left: Option<u64>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Line<S> {
    pub(super) fn new(stream: S, valve: Arc<Valve>, bytes_sent: Arc<AtomicU64>) -> Self {
        let left = match valve.0.lock().cut {
            Cut::Each(bytes) => Some(bytes),
            Cut::Never | Cut::Once(_) => None,
        };
        Self { stream, valve, bytes_sent, left, pause: None }
    }

    /// How many of so many bytes may be written now.
    fn poll_allowed(&mut self, context: &mut Context<'_>, bytes: usize) -> Poll<io::Result<usize>> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        let left = self.left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        let allowed = self.valve.before_break(bytes.min(left));
        if allowed == 0 && bytes > 0 {
            self.left = Some(0); // broken is broken
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let pace = self.valve.pace();
        self.pause = pace.map(|(_, pause)| Box::pin(tokio::time::sleep(pause)));
        Poll::Ready(Ok(pace.map_or(allowed, |(most, _)| allowed.min(most))))
    }
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
        let allowed = std::task::ready!(self.poll_allowed(context, bytes.len()))?;
        let bytes = bytes.get(..allowed).unwrap_or(bytes);
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.valve.passed(written);
        self.left = self.left.map(|left| left.saturating_sub(written as u64));
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
