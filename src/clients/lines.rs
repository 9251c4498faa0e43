//! Bytes of a stream to lines, with a limit on their length.

use super::MAX_LINE_BYTES;

/// What stands at the end of a line that was too long.
const CUT: &str = " … (line cut)";

/// Collects bytes and gives whole lines. A line past the limit is cut, the rest of it dropped.
#[derive(Debug)]
pub(crate) struct LineBuffer {
    partial: Vec<u8>,
    limit: usize,
    was_cut: bool,
}

impl Default for LineBuffer {
    fn default() -> Self {
        Self::with_limit(MAX_LINE_BYTES)
    }
}

impl LineBuffer {
    /// A buffer for lines of at most this many bytes.
    pub(crate) fn with_limit(limit: usize) -> Self {
        Self { partial: Vec::new(), limit, was_cut: false }
    }

    /// Takes the next bytes; the lines that they complete, without their ends.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.keep(&rest[..end]);
            lines.push(self.take());
            rest = &rest[end + 1..];
        }
        self.keep(rest);
        lines
    }

    /// The last line, where the stream ended without a line's end.
    pub(crate) fn finish(&mut self) -> Option<String> {
        (!self.partial.is_empty()).then(|| self.take())
    }

    /// Has a line been longer than the limit since this was last asked?
    pub(crate) fn is_cutting(&self) -> bool {
        self.was_cut
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.limit - self.partial.len();
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.was_cut |= bytes.len() > room;
    }

    fn take(&mut self) -> String {
        let mut line = String::from_utf8_lossy(&self.partial).into_owned();
        if line.ends_with('\r') {
            line.pop();
        }
        if std::mem::take(&mut self.was_cut) {
            line.push_str(CUT);
        }
        self.partial.clear();
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_pieces() {
        let mut buffer = LineBuffer::with_limit(8);
        assert!(buffer.push(b"one").is_empty());
        assert_eq!(buffer.push(b" 1\r\ntwo\n\nthr"), ["one 1", "two", ""]);
        assert_eq!(buffer.finish().as_deref(), Some("thr"));
        assert_eq!(buffer.finish(), None);
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        let mut buffer = LineBuffer::with_limit(4);
        assert!(buffer.push(b"abcdef").is_empty());
        assert!(buffer.is_cutting());
        assert_eq!(buffer.push(b"ghi\nxy\n"), ["abcd … (line cut)".to_owned(), "xy".to_owned()]);
        assert!(!buffer.is_cutting());
    }
}
