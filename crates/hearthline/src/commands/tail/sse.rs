//! Server-sent events out of a stream of bytes, as <https://html.spec.whatwg.org/multipage/server-sent-events.html> says.

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// What kind.
    pub(super) event: String,
    /// Its text, lines joined by `\n`.
    pub(super) data: String,
}

/// The bytes of an event that is not whole yet.
#[derive(Default)]
pub(super) struct Messages(Vec<u8>);

impl Messages {
    /// Takes in bytes; the events that are whole now. One without data is none.
    pub(super) fn feed(&mut self, chunk: &[u8]) -> Vec<Message> {
        self.0.extend_from_slice(chunk);
        let Some(end) = self.0.windows(2).rposition(|pair| pair == b"\n\n") else { return Vec::new() };
        let whole: Vec<u8> = self.0.drain(..end + 2).collect();
        String::from_utf8_lossy(&whole).split("\n\n").filter_map(message).collect()
    }
}

fn message(block: &str) -> Option<Message> {
    let (mut event, mut data) = (String::new(), Vec::new());
    for line in block.split(['\n', '\r']) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => event = value.into(),
            "data" => data.push(value),
            _ => {}
        }
    }
    (!data.is_empty()).then(|| Message { event, data: data.join("\n") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_the_bytes_are_cut() {
        let bytes =
            "event: state\ndata: {\"s\":\"ö\"}\n\n: quiet\n\nevent:lost\ndata: {\rdata: }\n\nevent: half\n";
        let message = |event: &str, data: &str| Message { event: event.into(), data: data.into() };
        let expected = [message("state", "{\"s\":\"ö\"}"), message("lost", "{\n}")];
        for size in 1..bytes.len() {
            let mut messages = Messages::default();
            let read: Vec<_> = bytes.as_bytes().chunks(size).flat_map(|chunk| messages.feed(chunk)).collect();
            assert_eq!(read, expected, "in pieces of {size}");
        }
    }
}
