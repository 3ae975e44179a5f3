//! Child processes: each in a process group of its own, so that a signal ends it with everything it
//! started.

use crate::clock;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// How often a waiting loop looks up: short against a person's patience, long against a syscall.
const POLL: Duration = Duration::from_millis(25);
/// What a child gets to end by itself after SIGTERM; wrangler takes about one second.
const GRACE: Duration = Duration::from_secs(5);
/// What its own children get after it has ended: wrangler's clear their temporary folders. Where
/// nobody reaps orphans (a container without an init) the group never looks empty, and this is
/// waited for in full.
const GRACE_OF_GRANDCHILDREN: Duration = Duration::from_secs(2);

static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Somebody asked us to end: SIGINT, SIGTERM or SIGHUP.
#[derive(Debug)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped by a signal")
    }
}

impl std::error::Error for Stopped {}

/// From now on a signal makes every wait of this module end with [`Stopped`].
pub fn watch_signals() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&STOP)).context("cannot watch signals")?;
    }
    Ok(())
}

/// Ends with [`Stopped`] once a signal has come.
pub fn check_signals() -> Result<()> {
    if STOP.load(Ordering::Relaxed) { Err(Stopped.into()) } else { Ok(()) }
}

/// Sleeps, unless a signal comes.
pub fn pause(duration: Duration) -> Result<()> {
    let start = clock::now();
    while start.elapsed() < duration {
        check_signals()?;
        std::thread::sleep(POLL.min(duration));
    }
    check_signals()
}

/// Runs to the end; anything but success is an error that names `what`.
pub fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = Group::spawn(command, what)?.wait()?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// Runs to the end with its output in a file, whose tail is shown when it fails.
pub fn run_into(command: &mut Command, log: &Path, what: &str) -> Result<()> {
    let file =
        std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdout(file.try_clone()?).stderr(file);
    run(command, what).inspect_err(|error| {
        if !error.is::<Stopped>() {
            eprintln!("{}", tail(log));
        }
    })
}

/// What a short command prints, or `None` when it is not there or fails.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The last lines of a log.
pub fn tail(log: &Path) -> String {
    const LINES: usize = 30;
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
}

/// A child and everything it started. Ends when dropped.
pub struct Group {
    child: Child,
    what: String,
    status: Option<ExitStatus>,
    /// It ran to its end under [`Group::wait`]: nothing of it is ours to end any more.
    complete: bool,
}

impl Group {
    /// Starts it, without an input to wait for.
    pub fn spawn(command: &mut Command, what: &str) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        check_signals()?;
        let child = command.stdin(Stdio::null()).process_group(0).spawn().with_context(|| {
            format!("cannot start {what} ({})", command.get_program().display())
        })?;
        Ok(Self { child, what: what.to_owned(), status: None, complete: false })
    }

    /// Its exit status, once it has ended by itself.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status =
                self.child.try_wait().with_context(|| format!("cannot wait for {}", self.what))?;
        }
        Ok(self.status)
    }

    /// Waits for its end. A signal ends it and makes this an error.
    pub fn wait(mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.exited()? {
                self.complete = true;
                return Ok(status);
            }
            check_signals()?;
            std::thread::sleep(POLL);
        }
    }

    /// SIGKILL, without a warning: as a crash ends it.
    pub fn kill(mut self) -> Result<()> {
        let killed = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        self.child.wait().with_context(|| format!("cannot wait for {}", self.what))?;
        self.complete = killed.is_ok();
        killed.with_context(|| format!("cannot kill {}", self.what))
    }

    /// SIGTERM, some seconds to tidy up, then SIGKILL for whatever of the group is left.
    fn end(&mut self) {
        if self.complete {
            return;
        }
        let group = Pid::from_child(&self.child);
        // A group that has ended already cannot be signalled, and that is all we want.
        let _ = kill_process_group(group, Signal::TERM);
        let start = clock::now();
        while matches!(self.exited(), Ok(None)) && start.elapsed() < GRACE {
            std::thread::sleep(POLL);
        }
        let start = clock::now();
        while test_kill_process_group(group).is_ok() && start.elapsed() < GRACE_OF_GRANDCHILDREN {
            std::thread::sleep(POLL);
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_group_takes_the_children_of_its_child_along() {
        check_that_the_grandchild_ends(drop);
    }

    #[test]
    fn a_killed_group_takes_the_children_of_its_child_along() {
        check_that_the_grandchild_ends(|group| group.kill().unwrap());
    }

    fn check_that_the_grandchild_ends(end: impl FnOnce(Group)) {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 1000 & echo $!; wait"]).stdout(Stdio::piped());
        let mut group = Group::spawn(&mut shell, "a shell").unwrap();
        let mut line = String::new();
        let stdout = group.child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
        let grandchild = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
        assert!(rustix::process::getpgid(Some(grandchild)).is_ok());

        end(group);

        let deadline = clock::now() + GRACE;
        while is_running(grandchild) {
            assert!(clock::now() < deadline, "process {} still runs", line.trim());
            std::thread::sleep(POLL);
        }
    }

    /// A process that nobody has reaped yet is dead all the same.
    fn is_running(pid: Pid) -> bool {
        let mut ps = Command::new("ps");
        ps.args(["-o", "stat=", "-p", &pid.as_raw_nonzero().to_string()]);
        output_of(&mut ps).is_some_and(|state| !state.starts_with('Z'))
    }
}
