//! An InfluxDB's side, as fast as it can be: whatever is written is taken and forgotten.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use anyhow::{Context as _, Result, ensure};

/// What every InfluxDB 1 says of itself.
const NAME: &str = "X-Influxdb-Version: 1.8.10\r\nX-Influxdb-Build: OSS\r\n";
/// The answer to a question about fields or retention: there is nothing yet.
const NOTHING: &str = r#"{"results":[{"statement_id":0}]}"#;
/// Longer bodies are nobody's.
const MOST: u64 = 64 << 20;

/// Serves one client after the other.
pub(crate) fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    for client in listener.incoming() {
        if let Err(error) = client.map_err(anyhow::Error::from).and_then(attend) {
            eprintln!("taker: {error:#}");
        }
    }
    Ok(())
}

fn attend(mut client: TcpStream) -> Result<()> {
    client.set_nodelay(true)?;
    let mut requests = BufReader::with_capacity(256 << 10, client.try_clone()?);
    let (mut line, mut body) = (String::new(), Vec::new());
    while requests.read_line(&mut line)? > 0 {
        let is_question = line.contains(" /query");
        let mut length = 0;
        loop {
            line.clear();
            ensure!(requests.read_line(&mut line)? > 0, "a request ends in its head");
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().context("a length that is none")?;
            }
        }
        ensure!(length <= MOST, "a body of {length} bytes");
        body.clear();
        (&mut requests).take(length).read_to_end(&mut body)?;
        line.clear();
        let answer = if is_question {
            let length = NOTHING.len();
            format!(
                "HTTP/1.1 200 OK\r\n{NAME}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{NOTHING}"
            )
        } else {
            format!("HTTP/1.1 204 No Content\r\n{NAME}\r\n")
        };
        client.write_all(answer.as_bytes())?;
    }
    Ok(())
}
