//! A connection that does not wait for ever for a client to read: what is sent to it, and the turn that it takes up, are the host's.

use std::future::Future;
use std::io::{Error, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long a client may take nothing.
const STALL: Duration = Duration::from_secs(30);
/// Bytes a second that a client takes at least, once it has let the host wait: else a byte now and then would be enough.
const SLOWEST: u32 = 64 << 10;

/// A stream whose writes have a limit of time.
pub(super) struct Patient<S> {
    stream: S,
    stall: Duration,
    slowest: u32,
    /// When the client has had its time, from the first write on that had to wait. What it takes puts it off.
    until: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S) -> Self {
        Self::with(stream, STALL, SLOWEST)
    }

    fn with(stream: S, stall: Duration, slowest: u32) -> Self {
        Self { stream, stall, slowest, until: None, alarm: Box::pin(tokio::time::sleep(Duration::ZERO)) }
    }

    fn judge<T>(
        &mut self,
        written: Poll<std::io::Result<T>>,
        bytes: impl FnOnce(&T) -> Option<usize>,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<T>> {
        let latest = Instant::now() + self.stall;
        match &written {
            Poll::Ready(Ok(done)) => {
                let earned = bytes(done).map(|bytes| Duration::from_secs(bytes as u64) / self.slowest);
                // Everything has gone out, or the client has caught up.
                self.until =
                    self.until.zip(earned).map(|(until, earned)| until + earned).filter(|until| *until < latest);
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending => {
                let until = *self.until.get_or_insert(latest);
                self.alarm.as_mut().reset(until);
                match self.alarm.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client takes nothing"))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.judge(written, |bytes| Some(*bytes), cx)
    }

    // The body of an answer goes out from where it lies, and its turn with it.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.judge(written, |bytes| Some(*bytes), cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        match flushed {
            // TCP has nothing to flush: it says nothing of what the client took.
            Poll::Ready(_) => flushed,
            Poll::Pending => self.judge(flushed, |()| None, cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// What comes of 1000 bytes to a client that takes so many bytes at once, each time after such a pause.
    async fn sent(bytes: usize, pause: Duration) -> std::io::Result<()> {
        let (stream, mut client) = duplex(100);
        let reading = tokio::spawn(async move {
            let mut taken = vec![0; bytes];
            loop {
                tokio::time::sleep(pause).await;
                if bytes > 0 && matches!(client.read(&mut taken).await, Ok(0) | Err(_)) {
                    return;
                }
            }
        });
        let mut patient = Patient::with(stream, 10 * SECOND, 50);
        let sent = patient.write_all(&[0; 1000]).await;
        reading.abort();
        sent
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_or_next_to_nothing_is_given_up() {
        sent(100, SECOND).await.expect("100 bytes a second");
        sent(100, 9 * SECOND / 5).await.expect("just over 50");
        assert_eq!(sent(0, SECOND).await.expect_err("nothing").kind(), ErrorKind::TimedOut);
        assert_eq!(sent(1, SECOND).await.expect_err("a byte a second").kind(), ErrorKind::TimedOut);
        assert_eq!(sent(20, SECOND).await.expect_err("20 bytes a second").kind(), ErrorKind::TimedOut);
    }
}
