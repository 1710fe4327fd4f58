//! A client over TCP that costs little: requests written beforehand, answers read no further than they must be.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use maplebridge::codes::CodeRange;
use maplebridge::users::api::account_scopes;
use maplebridge::users::{Grant, GrantArea, Role, new_secret, store};

use crate::Anyhow;

/// A server of ours in a process of its own; killed with it.
pub(crate) struct Server {
    process: Child,
    /// The whole program.
    pub(crate) ours: String,
    /// A bare handler behind the same door.
    pub(crate) guarded: String,
    /// A bare handler.
    pub(crate) bare: String,
}

impl Server {
    /// Starts one over the database, and returns when it serves.
    pub(crate) fn start(cache_bytes: usize) -> Anyhow<Self> {
        let mut process = Command::new(std::env::current_exe()?).args(["server", &cache_bytes.to_string()]).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let mut addresses = line.split_whitespace().map(str::to_owned);
        let mut next = || addresses.next().ok_or("the server did not start");
        let (ours, guarded, bare) = (next()?, next()?, next()?);
        Ok(Self { process, ours, guarded, bare })
    }

    /// CPU of the whole process so far, seconds, in steps of 10 ms.
    pub(crate) fn cpu_s(&self) -> Anyhow<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // behind the name in brackets the 12th and 13th words are ticks of 10 ms in user and system mode
        let words: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = words.get(11..13).ok_or("a short line")?.iter().map(|word| word.parse::<u64>()).sum::<Result<u64, _>>()?;
        Ok(ticks as f64 / 100.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A new account that reads and writes in these ranges, each a whole number of townships, and its token.
pub(crate) async fn token(url: &str, ranges: &[CodeRange]) -> Anyhow<String> {
    let townships = ranges.iter().flat_map(|range| (range.lo..range.hi).step_by(1_000_000));
    let areas: Option<Vec<GrantArea>> = townships.map(|township| GrantArea::from_parts(township, 9)).collect();
    token_of(url, &areas.ok_or("no township")?).await
}

/// A new account that reads and writes in these areas, and its token.
pub(crate) async fn token_of(url: &str, areas: &[GrantArea]) -> Anyhow<String> {
    let db = crate::connect(url, 2).await?;
    let mut transaction = db.scoped(&account_scopes()).await?;
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    let (token, hash) = new_secret()?;
    let account = format!("bench-{}", hex::encode(&hash[..8]));
    let new = store::NewAccount { account: &account, name_zh: "", name_en: "", password_hash: "none", must_change_password: false, unit_id: None };
    let id = store::create(transaction.conn(), &new, now).await?;
    for &area in areas {
        for role in [Role::Supervisor, Role::Centre] {
            store::grant(transaction.conn(), id, &Grant { role, area, expires_on: None }, None, now).await?;
        }
    }
    store::create_token(transaction.conn(), &hash, id, "bench", None, now).await?;
    transaction.commit().await?;
    db.close().await;
    Ok(token)
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, token: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// One connection, kept open.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: &str) -> Anyhow<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 1 << 20] })
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Anyhow<Answer> {
        let (status, head, end) = self.exchange(request)?;
        Ok(Answer { status, head: String::from_utf8_lossy(&self.buffer[..head]).into_owned(), body: self.buffer[head..end].to_vec() })
    }

    /// Sends a request and reads its answer; returns status, where the head ends and where the body ends in the buffer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Anyhow<(u16, usize, usize)> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        let mut expected = None;
        loop {
            if let Some((status, head, end)) = expected
                && filled >= end
            {
                return Ok((status, head, end));
            }
            if filled == self.buffer.len() {
                self.buffer.resize(2 * filled, 0);
            }
            let read = self.stream.read(&mut self.buffer[filled..])?;
            if read == 0 {
                return Err("the connection was closed".into());
            }
            filled += read;
            if expected.is_none()
                && let Some(at) = self.buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n")
            {
                let head = std::str::from_utf8(&self.buffer[..at])?;
                let status = head.get(9..12).ok_or("no status")?.parse()?;
                let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
                expected = Some((status, at + 4, at + 4 + length.map_or(Ok(0), str::parse::<usize>)?));
            }
        }
    }
}
