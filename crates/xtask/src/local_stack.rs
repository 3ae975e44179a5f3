//! The four workers in one `wrangler dev`: one process, one broker for the queues.

use crate::clock;
use crate::emails::EmailCollector;
use crate::http::{self, Api};
use crate::process::{self, ProcessGroup};
use crate::project::{Toolchain, WORKERS, config};
use crate::state::StateDir;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

const HOST: &str = "127.0.0.1";
/// Wrangler starts in 5 s on two idle cores; a machine that also compiles takes far longer.
const HEALTHY_WITHIN: Duration = Duration::from_mins(2);
const HEALTH_POLL: Duration = Duration::from_millis(250);
/// The cron of wrangler/api.jsonc, `* * * * *`. Locally wrangler fires it only on request.
pub const CRON_EVERY: Duration = Duration::from_mins(1);
const CRON_PATH: &str = "/cdn-cgi/local/scheduled?cron=*+*+*+*+*";

/// A running stack. Dropping it ends all its processes.
pub struct LocalStack {
    wrangler: ProcessGroup,
    log: PathBuf,
    pub url: String,
}

/// Fails when the port is in use.
pub fn check_port(port: u16) -> Result<()> {
    match TcpListener::bind((HOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => bail!("port {port} cannot be used ({error}); pass another --port"),
    }
}

impl LocalStack {
    /// Applies new migrations to the local databases and starts the workers with a new log.
    pub fn start(tools: &Toolchain, state: &mut StateDir, port: u16) -> Result<Self> {
        migrate(tools, state)?;
        let _ = std::fs::remove_file(state.path("wrangler.log"));
        Self::resume(tools, state, port)
    }

    /// Starts the workers without a migration and appends to the log.
    pub fn resume(tools: &Toolchain, state: &StateDir, port: u16) -> Result<Self> {
        let log = state.path("wrangler.log");
        let url = format!("http://{HOST}:{port}");
        let (reader, writer) = std::io::pipe().context("cannot create a pipe")?;
        let mut command = tools.wrangler();
        command.arg("dev");
        for worker in WORKERS {
            command.args(["-c", &config(worker)]);
        }
        command
            .args(["--ip", HOST, "--port", &port.to_string()])
            // The default port of the inspector may be in use.
            .args(["--inspector-port", "0", "--show-interactive-dev-session=false"])
            .arg("--persist-to")
            .arg(state.path(""))
            // A worker gets only the secrets and variables that its config names: only the api gets
            // the operator token.
            .env("OPERATOR_TOKEN", &state.saved.operator_token)
            .env("SEALING_KEY", &state.saved.sealing_key)
            .env("ENVIRONMENT", "local")
            .env("PUBLIC_URL", &url)
            // Workers of another stack on this machine have the same names.
            .env("WRANGLER_REGISTRY_PATH", state.path("registry"))
            // Otherwise wrangler stores a trace of every event.
            .env("X_LOCAL_OBSERVABILITY", "false")
            .env("NO_COLOR", "1")
            .stdout(writer.try_clone()?)
            .stderr(writer);
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let wrangler = ProcessGroup::spawn(&mut command, "wrangler dev")?;
        let emails = EmailCollector::new(state.path("mails"));
        std::thread::spawn(move || copy_log(reader, file, emails));
        Ok(Self { wrangler, log, url })
    }

    /// Waits until the api is healthy.
    pub fn wait_until_healthy(&mut self) -> Result<Api> {
        let api = Api::new(&self.url, http::LOCAL_TIMEOUT)?;
        let start = clock::now();
        while !api.is_ok("/healthz") {
            self.check()?;
            if start.elapsed() > HEALTHY_WITHIN {
                eprintln!("{}", process::tail(&self.log));
                bail!("the workers are not healthy after {} s", HEALTHY_WITHIN.as_secs());
            }
            process::pause(HEALTH_POLL)?;
        }
        Ok(api)
    }

    /// Ends it like a crash of the machine: everything in memory is lost, including the queues.
    pub fn kill(self) -> Result<()> {
        self.wrangler.kill()
    }

    /// Fails when wrangler has exited, and prints the end of its log.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.wrangler.try_wait()? {
            eprintln!("{}", process::tail(&self.log));
            bail!("wrangler dev exited ({status}); log: {}", self.log.display());
        }
        process::check_signals()
    }
}

/// Applies new migrations, one database after the other: several wranglers lock each other out of the
/// directory.
fn migrate(tools: &Toolchain, state: &mut StateDir) -> Result<()> {
    for binding in state.to_migrate() {
        let mut wrangler = tools.wrangler();
        wrangler
            .args(["d1", "migrations", "apply", binding, "--local", "-c", &config("api")])
            .arg("--persist-to")
            .arg(state.path(""));
        process::run_with_log(
            &mut wrangler,
            &state.path("migrations.log"),
            &format!("the migration of {binding}"),
        )?;
        state.set_migrated(binding)?;
    }
    Ok(())
}

/// Copies the output of wrangler to the log until the pipe closes.
fn copy_log(reader: PipeReader, mut file: File, mut emails: EmailCollector) {
    for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
        // Continue on a full disk: a pipe that is not read would block wrangler.
        let _ = file.write_all(&line).and_then(|()| file.write_all(b"\n"));
        emails.read_line(&String::from_utf8_lossy(&line));
    }
}

/// Fires the cron in the background until the process ends. Failures are in wrangler's log.
pub fn fire_cron(api: &Api, every: Duration) {
    let api = api.clone();
    std::thread::spawn(move || {
        while process::pause(every).is_ok() {
            api.is_ok(CRON_PATH);
        }
    });
}

/// Returns a free port.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((HOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
