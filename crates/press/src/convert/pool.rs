//! The threads that conversions run on.
//!
//! A conversion blocks: on its source, on its store, on the processor. On tokio's blocking pool it would stand
//! in the way of the file system calls that the folder store makes there, and wait for them at the same time.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use anyhow::Context;

type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads. They end when the pool is dropped and their jobs are done.
#[derive(Debug)]
pub struct Pool {
    jobs: mpsc::Sender<Job>,
}

impl Pool {
    /// Starts `threads` threads.
    pub fn start(threads: usize) -> anyhow::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("convert-{number}"))
                .spawn(move || work(&queue))
                .context("a thread for conversions cannot be started")?;
        }
        Ok(Self { jobs })
    }

    /// Runs `job` on the next free thread. Callers hold a permit, so as many jobs as threads wait at most.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) {
        // Fails only when every thread is gone; whoever waits for the job then sees its answer dropped.
        let _ = self.jobs.send(Box::new(job));
    }
}

fn work(queue: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A job reports its own panic; this keeps the thread whatever it drops on the way.
        let _ = std::panic::catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_job_that_panics_costs_no_thread() {
        let pool = Pool::start(1).unwrap();
        pool.run(|| panic!("on purpose"));
        let (sender, receiver) = channel();
        pool.run(move || sender.send(thread::current().name().map(str::to_owned)).unwrap());
        assert_eq!(receiver.recv().unwrap().as_deref(), Some("convert-0"));
    }

    #[test]
    fn dropping_the_pool_lets_its_jobs_end() {
        let pool = Pool::start(2).unwrap();
        let (sender, receiver) = channel();
        for number in 0..10 {
            let sender = sender.clone();
            pool.run(move || sender.send(number).unwrap());
        }
        drop((pool, sender));
        assert_eq!(receiver.iter().count(), 10);
    }
}
