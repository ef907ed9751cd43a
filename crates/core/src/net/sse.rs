//! Server-sent events, taken apart byte by byte.
//!
//! Follows the WHATWG rules for `text/event-stream` as far as chat services use them: `data` fields,
//! comments, all three line ends, a byte order mark. `event`, `id` and `retry` are skipped. A pure
//! state machine: pieces may end anywhere, inside a line end or a UTF-8 sequence too.

/// The longest line and the longest event taken, in bytes; a service that sends more is broken.
const LONGEST: usize = 1 << 20;

/// An event that is too long or not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Collects bytes and gives back the data of whole events.
#[derive(Debug, Default)]
pub(crate) struct EventStream {
    line: Vec<u8>,
    /// Data lines of the event that is being read.
    data: Option<String>,
    /// The last byte was a carriage return: a line feed after it ends no second line.
    after_return: bool,
    /// A line was read: a byte order mark may only come before.
    begun: bool,
}

impl EventStream {
    /// Takes the next bytes; returns the data of every event that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<String>, Malformed> {
        let mut events = Vec::new();
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()?),
                _ if self.line.len() >= LONGEST => return Err(Malformed),
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    /// The data of an event that the end of the stream cut off before its blank line: some services
    /// do not send one after the last event.
    pub(crate) fn finish(mut self) -> Result<Option<String>, Malformed> {
        if !self.line.is_empty() {
            self.end_line()?;
        }
        Ok(self.data)
    }

    /// A line is complete; an empty one completes an event.
    fn end_line(&mut self) -> Result<Option<String>, Malformed> {
        let line = std::mem::take(&mut self.line);
        let line = std::str::from_utf8(&line).map_err(|_| Malformed)?;
        let line = if std::mem::replace(&mut self.begun, true) {
            line
        } else {
            line.strip_prefix('\u{feff}').unwrap_or(line)
        };
        if line.is_empty() {
            return Ok(self.data.take());
        }
        // A comment has an empty field name.
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        if field == "data" {
            self.add(value.strip_prefix(' ').unwrap_or(value))?;
        }
        Ok(None)
    }

    fn add(&mut self, value: &str) -> Result<(), Malformed> {
        match &mut self.data {
            None => self.data = Some(value.to_owned()),
            Some(data) if data.len() + value.len() >= LONGEST => return Err(Malformed),
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "\u{feff}: hello\r\n\r\ndata: {\"a\":\"ção\"}\n\nevent: x\rid: 1\rdata:two\rdata:  \
                          lines 🙂\r\rdata\n\n\ndata: [DONE]\r\n\r\n";

    fn all(pieces: &[&[u8]]) -> Vec<String> {
        let mut stream = EventStream::default();
        let mut events: Vec<_> = pieces.iter().flat_map(|piece| stream.feed(piece).unwrap()).collect();
        events.extend(stream.finish().unwrap());
        events
    }

    #[test]
    fn a_split_at_any_byte_changes_nothing() {
        let whole = all(&[STREAM.as_bytes()]);
        assert_eq!(whole, ["{\"a\":\"ção\"}", "two\n lines 🙂", "", "[DONE]"]);
        for at in 0..=STREAM.len() {
            let (left, right) = STREAM.as_bytes().split_at(at);
            assert_eq!(all(&[left, right]), whole, "split at {at}");
        }
        let bytes: Vec<_> = STREAM.as_bytes().chunks(1).collect();
        assert_eq!(all(&bytes), whole);
    }

    #[test]
    fn an_unfinished_last_event_is_given_at_the_end() {
        assert_eq!(all(&[b"data: [DONE]"]), ["[DONE]"]);
        assert_eq!(all(&[b"data: [DONE]\n"]), ["[DONE]"]);
        assert!(all(&[b": only a comment\n"]).is_empty());
    }

    #[test]
    fn endless_lines_and_broken_text_are_refused() {
        let mut stream = EventStream::default();
        let piece = vec![b'x'; LONGEST];
        stream.feed(&piece).unwrap();
        assert_eq!(stream.feed(b"x"), Err(Malformed));
        assert_eq!(EventStream::default().feed(b"data: \xff\n"), Err(Malformed));
        let mut many = EventStream::default();
        let line = [b"data:".as_slice(), &vec![b'x'; LONGEST / 2], b"\n"].concat();
        many.feed(&line).unwrap();
        assert_eq!(many.feed(&line), Err(Malformed));
    }
}
