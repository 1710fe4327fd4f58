//! How far a work is, told from the thread that does it to whoever writes the job's row.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};

use parking_lot::Mutex;

/// Step, rows and the wish to stop; shared between threads.
#[derive(Debug, Default)]
pub struct Progress {
    rows: AtomicU64,
    step: Mutex<&'static str>,
    cancelled: AtomicBool,
    backend: AtomicI32,
}

impl Progress {
    /// So many rows of the step are done.
    pub fn row(&self, rows: u64) {
        self.rows.store(rows, Ordering::Relaxed);
    }

    /// A new step begins: reading, checking, writing.
    pub fn step(&self, step: &'static str) {
        *self.step.lock() = step;
    }

    /// Step and rows.
    pub fn now(&self) -> (&'static str, u64) {
        (*self.step.lock(), self.rows.load(Ordering::Relaxed))
    }

    /// The work goes on in this backend of the database, whose statement may be stopped.
    pub fn works_in(&self, backend: i32) {
        self.backend.store(backend, Ordering::Relaxed);
    }

    /// The backend that works, once it does.
    pub fn backend(&self) -> Option<i32> {
        Some(self.backend.load(Ordering::Relaxed)).filter(|backend| *backend != 0)
    }

    /// Asks the work to stop at its next row.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it shall stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
