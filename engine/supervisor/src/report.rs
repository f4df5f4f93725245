//! An invocation's log: its lines, its end, and the lines that Lambda adds. Pure.

use std::time::Duration;

use crate::limits;

/// What a function and its runtime have written since the last invocation's end.
#[derive(Debug, Default)]
pub struct Log {
    bytes: Vec<u8>,
    /// Bytes that found no room in `bytes`; their end is in `tail`.
    left_out: u64,
    tail: Vec<u8>,
}

impl Log {
    pub fn add(&mut self, bytes: &[u8]) {
        let room = limits::LOG_BYTES_MAX.saturating_sub(self.bytes.len());
        let (kept, rest) = bytes.split_at(room.min(bytes.len()));
        self.bytes.extend_from_slice(kept);
        self.left_out = self
            .left_out
            .saturating_add(u64::try_from(rest.len()).unwrap_or(u64::MAX));
        self.tail.extend_from_slice(bytes);
        let over = self.tail.len().saturating_sub(limits::LOG_TAIL_BYTES);
        self.tail.drain(..over);
    }

    /// A line of Lambda's own, on a line of its own.
    pub fn line(&mut self, text: &str) {
        if self.tail.last().is_some_and(|last| *last != b'\n') {
            self.add(b"\n");
        }
        self.add(text.as_bytes());
        self.add(b"\n");
    }

    /// The whole log as text, and its end for LogType=Tail; empty afterwards.
    pub fn take(&mut self) -> (String, Vec<u8>) {
        let Self {
            bytes,
            left_out,
            tail,
        } = std::mem::take(self);
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if left_out > 0 {
            let note = format!("\n[{left_out} bytes more were not kept]\n");
            text.push_str(&note);
            text.push_str(last_lines(&String::from_utf8_lossy(&tail)));
        }
        // PostgreSQL's texts hold no NUL.
        (text.replace('\0', "\u{fffd}"), tail)
    }
}

/// Without the beginning of a line that was cut.
fn last_lines(tail: &str) -> &str {
    tail.split_once('\n').map_or(tail, |(_, rest)| rest)
}

/// What the REPORT line says. Source: Lambda developer guide, "Working with Lambda function logs".
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub request_id: &'a str,
    pub duration: Duration,
    /// Where this invocation started the instance.
    pub init: Option<Duration>,
    pub memory_mb: u32,
    pub peak_memory_bytes: u64,
    /// `timeout` or `error`, where it brought no result.
    pub status: Option<&'a str>,
}

pub fn start_line(request_id: &str, version: &str) -> String {
    format!("START RequestId: {request_id} Version: {version}")
}

pub fn end_line(request_id: &str) -> String {
    format!("END RequestId: {request_id}")
}

impl Report<'_> {
    /// Lambda rounds the billed duration up to a millisecond and memory up to a megabyte; what is
    /// recorded for bills is neither.
    pub fn line(&self) -> String {
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let billed = (self.duration + self.init.unwrap_or_default())
            .as_micros()
            .div_ceil(1000);
        let mut line = format!(
            "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {billed} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
            self.request_id,
            millis(self.duration),
            self.memory_mb,
            self.peak_memory_bytes.div_ceil(1 << 20),
        );
        if let Some(init) = self.init {
            let part = format!("Init Duration: {:.2} ms\t", millis(init));
            line.push_str(&part);
        }
        if let Some(status) = self.status {
            line.extend(["Status: ", status, "\t"]);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_as_lambda_writes_it() {
        let mut report = Report {
            request_id: "r",
            duration: Duration::from_micros(1_234),
            init: Some(Duration::from_micros(100_500)),
            memory_mb: 128,
            peak_memory_bytes: (30 << 20) + 1,
            status: None,
        };
        assert_eq!(
            report.line(),
            "REPORT RequestId: r\tDuration: 1.23 ms\tBilled Duration: 102 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB\tInit Duration: 100.50 ms\t"
        );
        report.init = None;
        report.status = Some("timeout");
        assert!(report.line().ends_with(
            "Billed Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB\tStatus: timeout\t"
        ));
    }

    #[test]
    fn a_line_of_lambdas_own_begins_a_line() {
        let mut log = Log::default();
        log.add(b"no end");
        log.line("END");
        assert_eq!(log.take().0, "no end\nEND\n");
        assert_eq!(log.take().0, "");
    }

    #[test]
    fn a_long_log_keeps_its_beginning_and_its_end() {
        let mut log = Log::default();
        for number in 0..40_000 {
            log.line(&format!("line {number}"));
        }
        let (text, tail) = log.take();
        assert_eq!(tail.len(), limits::LOG_TAIL_BYTES);
        assert!(text.starts_with("line 0\n") && text.ends_with("line 39999\n"));
        assert!(text.contains("bytes more were not kept"));
        assert!(text.len() < limits::LOG_BYTES_MAX + 2 * limits::LOG_TAIL_BYTES);
    }
}
