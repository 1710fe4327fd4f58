//! Read your writes: after its commit a writer takes a ticket and waits until the model has seen what was committed
//! before it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::error::{Error, Result};

/// Tickets given out and released.
#[derive(Debug)]
pub struct Tickets {
    issued: AtomicU64,
    asked: Notify,
    released: watch::Sender<u64>,
}

impl Default for Tickets {
    fn default() -> Self {
        Self { issued: AtomicU64::new(0), asked: Notify::new(), released: watch::Sender::new(0) }
    }
}

impl Tickets {
    /// Takes a ticket and waits until a step that began after it is shown.
    ///
    /// `Busy` after `limit`: what was written is stored, the map does not show it yet.
    pub async fn wait(&self, limit: Duration) -> Result<()> {
        let ticket = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
        let mut released = self.released.subscribe();
        self.asked.notify_one();
        match tokio::time::timeout(limit, released.wait_for(|upto| *upto >= ticket)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Error::Busy { retry_after_s: 1, message: "the change is stored; the map does not show it yet".into() }),
        }
    }

    /// The last ticket given out; the feed reads it before it takes its snapshot.
    pub(super) fn issued(&self) -> u64 {
        self.issued.load(Ordering::SeqCst)
    }

    /// Lets all tickets up to this one go on.
    pub(super) fn release(&self, upto: u64) {
        self.released.send_if_modified(|now| {
            let more = upto > *now;
            *now = upto.max(*now);
            more
        });
    }

    /// Whether somebody waits.
    pub(super) fn waiting(&self) -> bool {
        self.issued() > *self.released.borrow()
    }

    /// Resumes when a ticket is taken, or after the pause.
    pub(super) async fn asked_or(&self, pause: Duration) {
        tokio::select! {
            () = self.asked.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
