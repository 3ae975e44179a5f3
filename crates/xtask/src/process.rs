//! Child processes. Each has its own process group, so that a signal ends it with its descendants.

use crate::clock;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Interval of waiting loops: short for a person, long for a syscall.
const POLL: Duration = Duration::from_millis(25);
/// Time for a child to exit after SIGTERM; wrangler takes about one second.
const GRACE: Duration = Duration::from_secs(5);
/// Time for its descendants to exit after it: those of wrangler clear temporary folders. In a
/// container without an init, which reaps no orphans, the group never looks empty and this passes
/// in full.
const DESCENDANTS_GRACE: Duration = Duration::from_secs(2);

/// A signal has been received.
static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// The error after SIGINT, SIGTERM or SIGHUP.
#[derive(Debug, thiserror::Error)]
#[error("stopped by a signal")]
pub struct Stopped;

/// Makes every wait of this module fail with [`Stopped`] after a signal.
pub fn watch_signals() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&STOP)).context("cannot watch signals")?;
    }
    Ok(())
}

/// Fails with [`Stopped`] after a signal.
pub fn check_signals() -> Result<()> {
    if STOP.load(Ordering::Relaxed) { Err(Stopped.into()) } else { Ok(()) }
}

/// Sleeps. Fails with [`Stopped`] on a signal.
pub fn pause(duration: Duration) -> Result<()> {
    let start = clock::now();
    while start.elapsed() < duration {
        check_signals()?;
        std::thread::sleep(POLL.min(duration));
    }
    check_signals()
}

/// Runs a command to its end. An exit status other than 0 is an error with this name.
pub fn run(command: &mut Command, name: &str) -> Result<()> {
    let status = ProcessGroup::spawn(command, name)?.wait()?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// Runs a command like [`run`], with its output in a file. Prints the end of that when it fails.
pub fn run_with_log(command: &mut Command, log: &Path, name: &str) -> Result<()> {
    let file =
        std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdout(file.try_clone()?).stderr(file);
    run(command, name).inspect_err(|error| {
        if !error.is::<Stopped>() {
            eprintln!("{}", tail(log));
        }
    })
}

/// Returns the output of a short command, or `None` when it is not installed or fails.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Returns the last lines of a log.
pub fn tail(log: &Path) -> String {
    const LINES: usize = 30;
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
}

/// A child process and its descendants. Dropping it ends them.
pub struct ProcessGroup {
    child: Child,
    name: String,
    /// [`ProcessGroup::wait`] or [`ProcessGroup::kill`] has ended it.
    complete: bool,
}

impl ProcessGroup {
    /// Starts a command without input.
    pub fn spawn(command: &mut Command, name: &str) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        check_signals()?;
        let child = command.stdin(Stdio::null()).process_group(0).spawn().with_context(|| {
            format!("cannot start {name} ({})", command.get_program().display())
        })?;
        Ok(Self { child, name: name.to_owned(), complete: false })
    }

    /// Returns the exit status of the child, or `None` while it runs.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Waits until the child exits. Fails with [`Stopped`] on a signal, and ends the group.
    pub fn wait(mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                self.complete = true;
                return Ok(status);
            }
            check_signals()?;
            std::thread::sleep(POLL);
        }
    }

    /// Sends SIGKILL to the group.
    pub fn kill(mut self) -> Result<()> {
        let killed = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        self.child.wait().with_context(|| format!("cannot wait for {}", self.name))?;
        self.complete = killed.is_ok();
        killed.with_context(|| format!("cannot kill {}", self.name))
    }

    /// Sends SIGTERM to the group, waits some seconds, then sends SIGKILL.
    fn end(&mut self) {
        if self.complete {
            return;
        }
        let group = Pid::from_child(&self.child);
        // Fails when the group has already exited.
        let _ = kill_process_group(group, Signal::TERM);
        let start = clock::now();
        while matches!(self.try_wait(), Ok(None)) && start.elapsed() < GRACE {
            std::thread::sleep(POLL);
        }
        let start = clock::now();
        while test_kill_process_group(group).is_ok() && start.elapsed() < DESCENDANTS_GRACE {
            std::thread::sleep(POLL);
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_a_group_ends_its_descendants() {
        check_that_the_grandchild_ends(drop);
    }

    #[test]
    fn killing_a_group_ends_its_descendants() {
        check_that_the_grandchild_ends(|group| group.kill().unwrap());
    }

    fn check_that_the_grandchild_ends(end: impl FnOnce(ProcessGroup)) {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 1000 & echo $!; wait"]).stdout(Stdio::piped());
        let mut group = ProcessGroup::spawn(&mut shell, "a shell").unwrap();
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

    /// A zombie is not running.
    fn is_running(pid: Pid) -> bool {
        let mut ps = Command::new("ps");
        ps.args(["-o", "stat=", "-p", &pid.as_raw_nonzero().to_string()]);
        output_of(&mut ps).is_some_and(|state| !state.starts_with('Z'))
    }
}
