//! A channel to any number of listeners, each with a queue of its own. It takes memory for what waits and for nothing
//! else: tokio's broadcast channel makes all its slots at once, which was a fourth of what a sandbox needs.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Poll, Waker};

use super::live::lock;

/// The sending end. The channel is closed with its last clone.
pub(crate) struct Sender<T>(Arc<Listeners<T>>);

struct Listeners<T> {
    /// Most messages that wait for one listener.
    most: usize,
    queues: Mutex<Vec<Weak<Mutex<Queue<T>>>>>,
}

struct Queue<T> {
    waiting: VecDeque<Arc<T>>,
    closed: bool,
    waker: Option<Waker>,
}

/// One listener. It hears what is sent from the moment it was made.
pub(crate) struct Receiver<T>(Arc<Mutex<Queue<T>>>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Sender<T> {
    /// A channel without listeners. One that falls behind by more than `most` messages loses the oldest.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Listeners { most, queues: Mutex::default() }))
    }

    /// Gives `message` to everybody who listens; where nobody does, it is lost.
    pub(crate) fn send(&self, message: T) {
        let message = Arc::new(message);
        lock(&self.0.queues).retain(|queue| {
            let Some(queue) = queue.upgrade() else { return false };
            let mut queue = lock(&queue);
            if queue.waiting.len() >= self.0.most {
                queue.waiting.pop_front();
            }
            queue.waiting.push_back(message.clone());
            queue.wake();
            true
        });
    }

    pub(crate) fn subscribe(&self) -> Receiver<T> {
        let queue = Arc::new(Mutex::new(Queue { waiting: VecDeque::new(), closed: false, waker: None }));
        let mut queues = lock(&self.0.queues);
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Arc::downgrade(&queue));
        Receiver(queue)
    }
}

impl<T> Drop for Listeners<T> {
    fn drop(&mut self) {
        for queue in lock(&self.queues).drain(..).filter_map(|queue| queue.upgrade()) {
            let mut queue = lock(&queue);
            queue.closed = true;
            queue.wake();
        }
    }
}

impl<T> Queue<T> {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl<T: Clone> Receiver<T> {
    /// The next message; `None` once the channel is closed and everything was taken. A future that is dropped loses
    /// nothing.
    pub(crate) async fn next(&mut self) -> Option<T> {
        let next = poll_fn(|cx| {
            let mut queue = lock(&self.0);
            match queue.waiting.pop_front() {
                Some(message) => Poll::Ready(Some(message)),
                None if queue.closed => Poll::Ready(None),
                None => {
                    queue.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        });
        next.await.map(Arc::unwrap_or_clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_listener_hears_all_from_the_moment_it_listens() {
        let sender = Sender::new(8);
        sender.send(0);
        let mut first = sender.subscribe();
        sender.send(1);
        let mut second = sender.clone().subscribe();
        sender.send(2);
        drop(sender);
        assert_eq!((first.next().await, first.next().await, first.next().await), (Some(1), Some(2), None));
        assert_eq!((second.next().await, second.next().await), (Some(2), None));
    }

    #[tokio::test]
    async fn a_slow_listener_loses_the_oldest() {
        let sender = Sender::new(2);
        let mut slow = sender.subscribe();
        (0..5).for_each(|n| sender.send(n));
        assert_eq!((slow.next().await, slow.next().await), (Some(3), Some(4)));
    }

    #[tokio::test]
    async fn a_message_and_the_end_wake_who_waits() {
        let sender = Sender::new(2);
        let mut waiting = sender.subscribe();
        let heard = tokio::spawn(async move { (waiting.next().await, waiting.next().await) });
        tokio::task::yield_now().await;
        sender.send("word");
        tokio::task::yield_now().await;
        drop(sender);
        assert_eq!(heard.await.ok(), Some((Some("word"), None)));
    }

    #[test]
    fn who_has_left_is_forgotten() {
        let sender = Sender::<u8>::new(2);
        for _ in 0..100 {
            drop(sender.subscribe());
        }
        assert_eq!(lock(&sender.0.queues).len(), 1, "the last one, until something is sent");
        sender.send(0);
        assert_eq!(lock(&sender.0.queues).len(), 0);
    }
}
