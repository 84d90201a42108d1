//! JSON with places: what serde_json reads, and where in the text each part of it stands.
//!
//! serde stops at the first error and keeps no positions; a policy file is reviewed by people, who want every mistake
//! of it at once, each with its line. Strings and numbers are still decoded by `serde_json`.

use serde_json::Value;

/// Largest policy file, in bytes of UTF-8.
pub const MAX_FILE_BYTES: usize = 1 << 20;
/// Deepest nesting of arrays and objects in a policy file.
pub const MAX_DEPTH: usize = 32;

/// A value of the file and the byte offset where it starts.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// A number without fraction or exponent that fits.
    Integer(i64),
    /// Any other number, as written.
    Number(String),
    String(String),
    Array(Vec<Node>),
    /// Members in file order; a repeated key is in `parse`'s problems and appears here once.
    Object(Vec<Member>),
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) key_at: usize,
    pub(crate) value: Node,
}

/// What is wrong with the text itself.
#[derive(Debug)]
pub(crate) struct Syntax {
    pub(crate) at: usize,
    pub(crate) pointer: String,
    pub(crate) message: String,
}

impl Node {
    /// How the type of this value is called in a message.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Integer(_) => "an integer",
            Kind::Number(_) => "a number that is not an integer",
            Kind::String(_) => "a string",
            Kind::Array(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }

    pub(crate) fn member(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Object(members) => members.iter().find(|m| m.key == key).map(|m| &m.value),
            _ => None,
        }
    }

    /// The same value without places.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Integer(n) => Value::from(*n),
            Kind::Number(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            Kind::String(s) => Value::String(s.clone()),
            Kind::Array(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Kind::Object(members) => {
                Value::Object(members.iter().map(|m| (m.key.clone(), m.value.to_value())).collect())
            }
        }
    }
}

/// `key` as one step of a JSON pointer (RFC 6901).
pub(crate) fn step(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Reads one JSON text. Repeated keys are added to `problems` and reading goes on; the first error of syntax ends it.
pub(crate) fn parse(text: &str, problems: &mut Vec<Syntax>) -> Option<Node> {
    if text.len() > MAX_FILE_BYTES {
        let message = format!("the file has {} bytes, more than the {MAX_FILE_BYTES} allowed", text.len());
        problems.push(Syntax { at: 0, pointer: String::new(), message });
        return None;
    }
    let mut reader = Reader { text, at: 0, problems };
    // A byte-order mark is not part of the text, and no column is counted for it.
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    let result = reader.value("", 0).and_then(|node| {
        reader.space();
        if reader.at == text.len() { Ok(node) } else { Err(reader.unexpected("the end of the file")) }
    });
    match result {
        Ok(node) => Some(node),
        Err(syntax) => {
            problems.push(syntax);
            None
        }
    }
}

struct Reader<'t, 'p> {
    text: &'t str,
    at: usize,
    problems: &'p mut Vec<Syntax>,
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn fail(&self, message: impl Into<String>) -> Syntax {
        Syntax { at: self.at, pointer: String::new(), message: message.into() }
    }

    fn unexpected(&self, wanted: &str) -> Syntax {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(found) => self.fail(format!("expected {wanted}, found {found:?}")),
            None => self.fail(format!("expected {wanted}, found the end of the file")),
        }
    }

    fn value(&mut self, pointer: &str, depth: usize) -> Result<Node, Syntax> {
        self.space();
        let at = self.at;
        let kind = match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                return Err(Syntax {
                    at,
                    pointer: pointer.to_owned(),
                    message: format!("nested deeper than {MAX_DEPTH} levels"),
                });
            }
            Some(b'{') => self.object(pointer, depth + 1)?,
            Some(b'[') => self.array(pointer, depth + 1)?,
            Some(b'"') => Kind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'a'..=b'z') => self.word()?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Node { at, kind })
    }

    fn object(&mut self, pointer: &str, depth: usize) -> Result<Kind, Syntax> {
        self.at += 1;
        let mut members: Vec<Member> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        if self.take(b'}') {
            return Ok(Kind::Object(members));
        }
        loop {
            self.space();
            let key_at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            let key = self.string()?;
            if !self.take(b':') {
                return Err(self.unexpected("`:`"));
            }
            let here = step(pointer, &key);
            let value = self.value(&here, depth)?;
            if seen.insert(key.clone()) {
                members.push(Member { key, key_at, value });
            } else {
                let message = format!("the key `{key}` is given twice");
                self.problems.push(Syntax { at: key_at, pointer: here, message });
            }
            if self.take(b'}') {
                return Ok(Kind::Object(members));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
    }

    fn array(&mut self, pointer: &str, depth: usize) -> Result<Kind, Syntax> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Kind::Array(items));
        }
        loop {
            items.push(self.value(&format!("{pointer}/{}", items.len()), depth)?);
            if self.take(b']') {
                return Ok(Kind::Array(items));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    fn string(&mut self) -> Result<String, Syntax> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => {
                    self.at = start;
                    return Err(self.fail("this string is not closed"));
                }
            }
        }
        self.at += 1;
        // An escape may have jumped over the end; `get` then answers None.
        let literal = self.text.get(start..self.at).unwrap_or("\"");
        serde_json::from_str(literal).map_err(|error| {
            self.at = start;
            self.fail(format!("not a JSON string: {error}"))
        })
    }

    fn number(&mut self) -> Result<Kind, Syntax> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let literal = &self.text[start..self.at];
        if serde_json::from_str::<serde_json::Number>(literal).is_err() {
            self.at = start;
            return Err(self.fail(format!("`{literal}` is not a JSON number")));
        }
        Ok(literal.parse().map_or_else(|_| Kind::Number(literal.to_owned()), Kind::Integer))
    }

    fn word(&mut self) -> Result<Kind, Syntax> {
        for (word, kind) in [("true", Kind::Bool(true)), ("false", Kind::Bool(false)), ("null", Kind::Null)] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.unexpected("a value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<(usize, String)> {
        let mut problems = Vec::new();
        parse(text, &mut problems);
        problems.into_iter().map(|p| (p.at, p.message)).collect()
    }

    #[test]
    fn reads_what_serde_json_reads() {
        let text = "\u{feff}{ \"a\": [1, -2, 1.5e3, \"x\\u0041\\ud83d\\ude00\", true, false, null, {}, []] }";
        let node = parse(text, &mut Vec::new()).expect("valid");
        let expected: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("valid");
        assert_eq!(node.to_value(), expected);
    }

    #[test]
    fn repeated_keys_are_all_reported_and_reading_goes_on() {
        let found = problems(r#"{"a":1,"a":2,"b":{"c":1,"c":1}}"#);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].0, 7);
    }

    #[test]
    fn broken_text_is_an_error_and_never_a_panic() {
        for text in [
            "",
            "{",
            "[1,",
            "{\"a\"}",
            "\"",
            "\"\\",
            "\"\\\u{e9}",
            "01",
            "-",
            "1e",
            "nul",
            "{}x",
            "[1 2]",
            "\"\u{1}\"",
            "\"\\ud800\"",
        ] {
            assert_eq!(problems(text).len(), 1, "{text:?}");
        }
        let whole = r#"{"a":[1,{"b":"\u00e9é"}],"c":-1.5}"#;
        for end in (0..whole.len()).filter(|i| whole.is_char_boundary(*i)) {
            assert_eq!(problems(&whole[..end]).len(), 1);
        }
    }

    #[test]
    fn depth_and_size_have_bounds() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(problems(&nested(MAX_DEPTH)).is_empty());
        assert_eq!(problems(&nested(MAX_DEPTH + 1)).len(), 1);
        assert_eq!(problems(&nested(500_000)).len(), 1);
        let padded = |n: usize| format!("{{}}{}", " ".repeat(n - 2));
        assert!(problems(&padded(MAX_FILE_BYTES)).is_empty());
        assert_eq!(problems(&padded(MAX_FILE_BYTES + 1)).len(), 1);
    }
}
