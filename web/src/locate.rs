//! Finds the line of a JSON pointer in a text, so that a problem can be shown where it is.
//!
//! Not a parser: it reads whatever it can and never fails, since the text may be broken. What
//! cannot be found is answered by the deepest part of the pointer that can.

/// The line (from 1) on which the value at `pointer` starts: for a member, that of its name.
pub fn line_of(text: &str, pointer: &str) -> usize {
    line_at(text, offset_of(text, pointer))
}

/// The byte at which the value at `pointer` starts: for a member, its name.
pub fn offset_of(text: &str, pointer: &str) -> usize {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
    };
    let mut found = scan.skip_blank();
    for segment in pointer.split('/').skip(1).filter(|part| !part.is_empty()) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let Some(at) = scan.enter(&name) else { break };
        found = at;
    }
    found
}

/// The line (from 1) that holds the byte `offset`.
pub fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Moves to the next byte that is not blank, and says where that is.
    fn skip_blank(&mut self) -> usize {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        self.at
    }

    /// With the cursor at a container: moves it to the value of that member or item, and says
    /// where the member's name, or the item, starts.
    fn enter(&mut self, segment: &str) -> Option<usize> {
        match self.peek()? {
            b'{' => self.enter_object(segment),
            b'[' => self.enter_array(segment.parse().ok()?),
            _ => None,
        }
    }

    fn enter_object(&mut self, wanted: &str) -> Option<usize> {
        self.at += 1;
        loop {
            let name_at = self.skip_blank();
            if self.peek()? != b'"' {
                return None;
            }
            self.skip_string();
            let spelled = self.bytes.get(name_at..self.at)?;
            let is_wanted = serde_json::from_slice::<String>(spelled).is_ok_and(|n| n == wanted);
            self.skip_blank();
            if self.peek()? != b':' {
                return None;
            }
            self.at += 1;
            self.skip_blank();
            if is_wanted {
                return Some(name_at);
            }
            self.next_entry()?;
        }
    }

    fn enter_array(&mut self, wanted: usize) -> Option<usize> {
        self.at += 1;
        for _ in 0..wanted {
            self.skip_blank();
            self.next_entry()?;
        }
        let at = self.skip_blank();
        (self.peek()? != b']').then_some(at)
    }

    /// Past the value at the cursor and the comma behind it.
    fn next_entry(&mut self) -> Option<()> {
        self.skip_value();
        self.skip_blank();
        if self.peek()? != b',' {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Past a value, counting brackets instead of recursing, so depth costs nothing.
    fn skip_value(&mut self) {
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.skip_string();
                    if depth == 0 {
                        return;
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return;
                    }
                }
                b',' if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{
  "StartAt": "Pay",
  "States": {
    "Pay": { "Type": "Task",
      "Retry": [
        { "ErrorEquals": ["a", "b"] },
        { "ErrorEquals": [] }
      ]
    },
    "a/b~c \"d\"": {
      "Type": "Pass"
    }
  }
}"#;

    #[track_caller]
    fn check(text: &str, pointer: &str, expected: usize) {
        assert_eq!(line_of(text, pointer), expected, "{pointer}");
    }

    #[test]
    fn a_pointer_leads_to_its_line() {
        check(TEXT, "/", 1);
        check(TEXT, "", 1);
        check(TEXT, "/StartAt", 2);
        check(TEXT, "/States/Pay", 4);
        check(TEXT, "/States/Pay/Retry/0", 6);
        check(TEXT, "/States/Pay/Retry/1/ErrorEquals", 7);
        check(TEXT, "/States/a~1b~0c \"d\"/Type", 11);
    }

    #[test]
    fn what_is_missing_leads_to_where_it_should_be() {
        check(TEXT, "/States/Pay/Next", 4);
        check(TEXT, "/States/Pay/Retry/9", 5);
        check(TEXT, "/States/Pay/Type/deeper", 4);
        check(TEXT, "/Nothing", 1);
    }

    #[test]
    fn broken_text_is_no_fault() {
        for text in [
            "",
            "{",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "[",
            "[1,",
            "]",
            "{\"a\\",
            "\u{1f600}",
        ] {
            check(text, "/a/0/b", 1);
        }
        check("{\n\"a\": [1,\n2", "/a/1", 3);
    }

    #[test]
    fn offsets_become_lines() {
        assert_eq!(line_at("a\nb\nc", 0), 1);
        assert_eq!(line_at("a\nb\nc", 2), 2);
        assert_eq!(line_at("a\nb\nc", 99), 3);
    }
}
