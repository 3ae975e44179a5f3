//! The operators' calls of an api that may be deployed. By `curl`: xtask has no TLS, so that it is built
//! in seconds. What is secret goes in by its standard input, where no list of processes shows it.

use super::options::Options;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The slowest honest answer, a redrive of 1,000 letters, is below it.
const TIMEOUT_S: u32 = 60;
/// Where the token is looked for, when it is not given.
const TOKEN_VARIABLE: &str = "OPERATOR_TOKEN";

/// An api, and who calls it.
pub struct OperatorApi {
    base: String,
    token: String,
    operator: String,
}

impl OperatorApi {
    /// The api that the options name, or the local stack's.
    pub fn of(options: &Options, state: &Path) -> Result<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let given = options.token.clone().or_else(|| variable(TOKEN_VARIABLE));
        let (base, token) = match &options.url {
            Some(url) => {
                let token =
                    given.with_context(|| format!("--token or {TOKEN_VARIABLE} is needed"))?;
                (url.trim_end_matches('/').to_owned(), token)
            }
            None => local(state)?,
        };
        if !is_safe(&base) {
            bail!("{base}: the token goes by https only, but to this machine");
        }
        let operator = options.operator.clone().or_else(|| variable("USER"));
        Ok(Self { base, token, operator: operator.unwrap_or_else(|| "xtask".to_owned()) })
    }

    /// GET; the parameters are encoded here.
    pub fn get(&self, path: &str, parameters: &[(&str, String)]) -> Result<Value> {
        let pairs: Vec<_> =
            parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        self.ask("GET", &format!("{path}{query}"), None)
    }

    /// POST.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", path, Some(body))
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut config = vec![
            ("url", format!("{}{path}", self.base)),
            ("request", method.to_owned()),
            ("header", format!("authorization: Bearer {}", self.token)),
            ("header", format!("x-operator: {}", self.operator)),
            ("max-time", TIMEOUT_S.to_string()),
            ("noproxy", "localhost,127.0.0.1".to_owned()),
            ("write-out", "\n%{http_code}".to_owned()),
        ];
        if let Some(body) = body {
            config.push(("header", "content-type: application/json".to_owned()));
            config.push(("data-raw", body.to_string()));
        }
        let answer = curl(&config).with_context(|| format!("{method} {path} got no answer"))?;
        let (text, status) = answer.rsplit_once('\n').context("curl told no status")?;
        if status != "200" {
            bail!("{method} {path} answered {status}: {}", problem(text));
        }
        serde_json::from_str(text).with_context(|| format!("{method} {path} answered no JSON"))
    }
}

/// Address and token of a stack that `cargo xtask dev` has ready.
fn local(state: &Path) -> Result<(String, String)> {
    let file = state.join("dev.json");
    let text = std::fs::read_to_string(&file).with_context(|| {
        format!(
            "no local stack is ready ({}); start `cargo xtask dev`, or name --url",
            file.display()
        )
    })?;
    let ready: Value = serde_json::from_str(&text)?;
    let text = |name: &str| {
        let value = ready.get(name).and_then(Value::as_str).map(str::to_owned);
        value.with_context(|| format!("{} has no {name}", file.display()))
    };
    Ok((text("api_url")?, text("operator_token")?))
}

/// Whether a token may go there.
fn is_safe(base: &str) -> bool {
    let host = base.strip_prefix("http://").map(|rest| rest.split('/').next().unwrap_or_default());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    base.starts_with("https://")
        || name.is_some_and(|name| ["localhost", "127.0.0.1"].contains(&name))
}

/// What a problem says, or the answer as it is.
fn problem(text: &str) -> String {
    let Ok(problem) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    let mut lines: Vec<_> =
        problem.get("detail").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    for error in problem.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let text = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
        lines.push(format!("  {}: {}", text("pointer"), text("detail")));
    }
    if lines.is_empty() { text.to_owned() } else { lines.join("\n") }
}

fn curl(config: &[(&str, String)]) -> Result<String> {
    let line = |(name, value): &(&str, String)| format!("{name} = \"{}\"", quoted(value));
    let lines: Vec<_> = config.iter().map(line).collect();
    // -q: nobody's .curlrc changes what is asked.
    let mut child = Command::new("curl")
        .args(["-q", "--silent", "--show-error", "--config", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("curl cannot be started; is it installed?")?;
    let mut input = child.stdin.take().context("curl takes no input")?;
    input.write_all(lines.join("\n").as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A value between quotes in a file of curl's options.
fn quoted(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r")
}

/// A value of a query, percent-encoded.
fn encoded(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::Read;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn a_token_goes_by_https_or_to_this_machine() {
        let check = |base: &str, expected: bool| assert_eq!(is_safe(base), expected, "{base}");
        check("https://api.example.com", true);
        check("http://localhost:8787", true);
        check("http://127.0.0.1", true);
        check("http://api.example.com", false);
        check("http://localhost.example.com:80", false);
        check("http://127.0.0.1@example.com", false);
        check("ftp://localhost", false);
    }

    /// Answers one request, and says what it was.
    fn answered(
        status: &str,
        answer: &str,
        ask: impl FnOnce(&OperatorApi) -> Result<Value>,
    ) -> (String, Result<Value>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let response = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        );
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = String::new();
            let mut buffer = [0; 4_096];
            let is_whole = |seen: &str| {
                seen.ends_with('}') || seen.starts_with("GET") && seen.ends_with("\r\n\r\n")
            };
            while !is_whole(&seen) {
                let count = stream.read(&mut buffer).unwrap();
                seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
            stream.write_all(response.as_bytes()).unwrap();
            seen
        });
        let api =
            OperatorApi { base, token: "secret".to_owned(), operator: "ann \"a\"".to_owned() };
        let result = ask(&api);
        (server.join().unwrap(), result)
    }

    #[test]
    fn a_call_carries_token_operator_and_body_as_they_are() {
        let body = json!({ "note": "say \"why\"\\\nü", "limit": 5 });
        let (seen, answer) = answered("200 OK", r#"{"matched":1}"#, |api| api.post("/v1/x", &body));
        assert_eq!(answer.unwrap(), json!({ "matched": 1 }));
        assert!(seen.starts_with("POST /v1/x HTTP/1.1\r\n"), "{seen}");
        assert!(seen.contains("authorization: Bearer secret\r\n"), "{seen}");
        assert!(seen.contains("x-operator: ann \"a\"\r\n"), "{seen}");
        assert!(seen.ends_with(&format!("\r\n\r\n{body}")), "{seen}");
        let parameters = [("q", "a b&c=ü".to_owned()), ("limit", "5".to_owned())];
        let (seen, _) = answered("200 OK", "{}", |api| api.get("/v1/x", &parameters));
        assert!(seen.starts_with("GET /v1/x?q=a%20b%26c%3D%C3%BC&limit=5 HTTP/1.1\r\n"), "{seen}");
    }

    #[test]
    fn a_refusal_is_an_error_that_says_what_was_refused() {
        let refusal =
            r#"{"detail":"1 of the fields","errors":[{"pointer":"/limit","detail":"is 0"}]}"#;
        let (_, answer) =
            answered("422 Unprocessable", refusal, |api| api.post("/v1/x", &json!({})));
        let error = answer.unwrap_err().to_string();
        assert_eq!(error, "POST /v1/x answered 422: 1 of the fields\n  /limit: is 0");
    }
}
