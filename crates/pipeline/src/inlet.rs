//! Where something is asked of a part that may be started anew.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

/// The answer, or in words why there is none.
pub type Reply<T> = oneshot::Sender<Result<T, String>>;

/// Where something is asked of a part. Clones are the same place, also after the part was started anew.
#[derive(Debug)]
pub struct Inlet<T> {
    to: Arc<watch::Sender<mpsc::Sender<T>>>,
    waiting: usize,
}

impl<T> Clone for Inlet<T> {
    fn clone(&self) -> Self {
        Self { to: Arc::clone(&self.to), waiting: self.waiting }
    }
}

impl<T> Inlet<T> {
    /// Both ends; `waiting` is how much may wait.
    #[must_use]
    pub fn new(waiting: usize) -> (Self, mpsc::Receiver<T>) {
        let (sender, receiver) = mpsc::channel(waiting);
        (Self { to: Arc::new(watch::Sender::new(sender)), waiting }, receiver)
    }

    /// Another end for the part that was started anew. What waits at the old one is refused.
    #[must_use]
    pub fn renew(&self) -> mpsc::Receiver<T> {
        let (sender, receiver) = mpsc::channel(self.waiting);
        self.to.send_replace(sender);
        receiver
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// In words: why there is none. Where the part was started anew meanwhile, it may have been carried out.
    pub async fn ask<A>(&self, question: impl FnOnce(Reply<A>) -> T) -> Result<A, String> {
        let mut renewed = self.to.subscribe();
        let sender = renewed.borrow_and_update().clone();
        let (reply, answer) = oneshot::channel();
        let asked = async {
            let gone =
                || "the part that does this is stopping, or is being started anew: ask again".to_owned();
            sender.send(question(reply)).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        };
        tokio::select! {
            biased;
            answered = asked => answered,
            Ok(()) = renewed.changed() => {
                Err("the part that does this was started anew meanwhile: see whether it was done, and ask again".into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_asks_reaches_the_part_of_today() {
        let (inlet, first) = Inlet::<Reply<u8>>::new(1);
        drop(first);
        let words = inlet.ask(|reply| reply).await.unwrap_err();
        assert!(words.contains("ask again"), "{words}");
        let mut second = inlet.clone().renew();
        let asking = tokio::spawn({
            let inlet = inlet.clone();
            async move { inlet.ask(|reply| reply).await }
        });
        second.recv().await.unwrap().send(Ok(7)).unwrap();
        assert_eq!(asking.await.unwrap(), Ok(7));
    }

    #[tokio::test]
    async fn what_waits_at_a_part_that_hangs_is_refused_when_it_is_replaced() {
        let (inlet, hangs) = Inlet::<Reply<u8>>::new(1);
        let asking = tokio::spawn({
            let inlet = inlet.clone();
            async move { inlet.ask(|reply| reply).await }
        });
        while hangs.is_empty() {
            tokio::task::yield_now().await;
        }
        let _new = inlet.renew();
        assert!(asking.await.unwrap().unwrap_err().contains("started anew meanwhile"));
    }
}
