//! The four workers in one `wrangler dev`: one process, one D1, one broker for the queues.

use crate::clock;
use crate::http::Api;
use crate::mails::Mails;
use crate::process::{self, Group};
use crate::project::{Ready, WORKERS, config};
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

const HOST: &str = "127.0.0.1";
/// Wrangler is up in 5 s on two idle cores; a machine that also compiles needs far longer.
const HEALTHY_WITHIN: Duration = Duration::from_mins(2);
const HEALTH_POLL: Duration = Duration::from_millis(250);
/// The cron of wrangler/api.jsonc, `* * * * *`, which wrangler fires only when it is asked to.
pub const CRON_EVERY: Duration = Duration::from_mins(1);
const CRON_PATH: &str = "/cdn-cgi/local/scheduled?cron=*+*+*+*+*";

/// A running stack. Ends, with everything it started, when dropped.
pub struct LocalStack {
    wrangler: Group,
    log: PathBuf,
    /// The api's address.
    pub url: String,
}

/// One clear line when somebody else has the port.
pub fn check_port(port: u16) -> Result<()> {
    match TcpListener::bind((HOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => bail!("port {port} cannot be used ({error}); choose another with --port"),
    }
}

impl LocalStack {
    /// Migrates the local D1 and starts the workers over it, with a new log.
    pub fn start(ready: &Ready, state: &State, port: u16) -> Result<Self> {
        migrate(ready, state)?;
        let _ = std::fs::remove_file(state.path("wrangler.log"));
        Self::resume(ready, state, port)
    }

    /// Starts the workers over a D1 that is migrated; the log is gone on with.
    pub fn resume(ready: &Ready, state: &State, port: u16) -> Result<Self> {
        let log = state.path("wrangler.log");
        let url = format!("http://{HOST}:{port}");
        let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
        let mut command = ready.wrangler();
        command.arg("dev");
        for worker in WORKERS {
            command.args(["-c", &config(worker)]);
        }
        command
            .args(["--ip", HOST, "--port", &port.to_string()])
            // Nobody debugs by default, and the fixed port of the inspector may be taken.
            .args(["--inspector-port", "0", "--show-interactive-dev-session=false"])
            .arg("--persist-to")
            .arg(state.path(""))
            // Each worker is given those that its config names as a secret or a variable, and no
            // other: only the api sees the operators' secret.
            .env("OPERATOR_TOKEN", &state.memory.operator_token)
            .env("SEALING_KEY", &state.memory.sealing_key)
            .env("ENVIRONMENT", "local")
            .env("PUBLIC_URL", &url)
            // Another stack on this machine has workers of the same names: do not join it.
            .env("WRANGLER_REGISTRY_PATH", state.path("registry"))
            // It would store a trace of every event.
            .env("X_LOCAL_OBSERVABILITY", "false")
            .env("NO_COLOR", "1")
            .stdout(writer.try_clone()?)
            .stderr(writer);
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let wrangler = Group::spawn(&mut command, "wrangler dev")?;
        let mails = Mails::into(state.path("mails"));
        std::thread::spawn(move || keep_log(reader, file, mails));
        Ok(Self { wrangler, log, url })
    }

    /// Waits until the api answers.
    pub fn wait_until_healthy(&mut self) -> Result<Api> {
        let api = Api::new(&self.url);
        let start = clock::now();
        while !api.is_ok("/healthz") {
            self.check()?;
            if start.elapsed() > HEALTHY_WITHIN {
                eprintln!("{}", process::tail(&self.log));
                bail!("the workers did not answer within {} s", HEALTHY_WITHIN.as_secs());
            }
            process::pause(HEALTH_POLL)?;
        }
        Ok(api)
    }

    /// Ends it as a crash of the machine would: what was in memory, the queues too, is gone.
    pub fn kill(self) -> Result<()> {
        self.wrangler.kill()
    }

    /// An error, with the end of the log on screen, when wrangler has died.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.wrangler.exited()? {
            eprintln!("{}", process::tail(&self.log));
            bail!("wrangler dev ended by itself ({status}); its log: {}", self.log.display());
        }
        process::check_signals()
    }
}

fn migrate(ready: &Ready, state: &State) -> Result<()> {
    let mut wrangler = ready.wrangler();
    wrangler
        .args(["d1", "migrations", "apply", "DB", "--local", "-c", &config("api"), "--persist-to"])
        .arg(state.path(""));
    process::run_into(&mut wrangler, &state.path("migrations.log"), "the migration of the local D1")
}

/// Ends with wrangler, when the pipe closes.
fn keep_log(reader: PipeReader, mut file: File, mut mails: Mails) {
    for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
        // A full disk must not stop the stack: the pipe has to be read on.
        let _ = file.write_all(&line).and_then(|()| file.write_all(b"\n"));
        mails.read_line(&String::from_utf8_lossy(&line));
    }
}

/// Fires the cron again and again, from now until the process ends. One that fails says so in
/// wrangler's log.
pub fn keep_cron(api: &Api, every: Duration) {
    let api = api.clone();
    std::thread::spawn(move || {
        while process::pause(every).is_ok() {
            api.is_ok(CRON_PATH);
        }
    });
}

/// A port of this machine that nobody uses now.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((HOST, 0)).context("there is no free port")?;
    Ok(listener.local_addr()?.port())
}
