//! How often the parser would read a text that can be meant in several ways.
//!
//! TypeScript and Flow cannot be told from their first words: whether `a<(b` begins type arguments or compares, and whether `<T>(a` is a
//! generic function or a cast, is tried out, and what lies inside is read once more for each try around it. In real code tries end after
//! a word or two. In hostile code they nest, and the time doubles with each: `a<(b=` twelve times over takes ten seconds. JavaScript as
//! such is read once.

/// What a text is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// `<` begins type arguments, a generic function, or a cast.
    TypeScript,
    /// `<` begins type arguments after a name, else an element.
    Tsx,
    /// As TSX, and brackets in types are tried as parameters of a function type.
    Flow,
}

/// Bytes that may be read in all, tries included, beside eight times the text: some tenths of a second. Of 96,000 files of apps none
/// needs more than a quarter of it but generated declarations.
const MOST_BYTES: u64 = 4 << 20;

/// As much for Flow, where far more may be a type than is one: what is counted is a multiple of what is read.
const MOST_BYTES_OF_FLOW: u64 = 32 << 20;

/// Doublings for a bracket in what may be a type: the worst that was measured are four to five times.
const OF_BRACKET: u32 = 2;

/// Doublings that are told apart.
const MOST_DOUBLINGS: u32 = 40;

/// A stretch between brackets.
#[derive(Clone, Copy, Default)]
struct Level {
    /// How often each byte is read because of what is around the stretch: two to the power of it.
    around: u32,
    /// As much because of what stands before in the same expression.
    before: u32,
    /// `<` that were not closed in this expression.
    open: u32,
    /// A bit for each of them, the last one lowest: whether it stands where a cast may begin.
    casts: u64,
    /// The word `extends` stood behind one of them: a `?` may follow in a type.
    extends: bool,
    /// What stands here may be a type.
    is_type: bool,
    /// As it was when the stretch began.
    begins_as_type: bool,
    /// What it is is what a function returns: the `:` stood behind its parameters.
    is_returned: bool,
    /// A `?` stood before in this expression, or in one around it: what follows a `:` may be tried as a whole function.
    is_choice: bool,
    /// As it was when the stretch began.
    begins_as_choice: bool,
    /// Type parameters may have begun the expression: its function is tried as a whole.
    is_generic: bool,
    /// The text of a template.
    is_text: bool,
    /// What `if`, `while`, `for` or `with` test: a statement follows, not the rest of an expression.
    is_test: bool,
}

impl Level {
    fn doublings(&self) -> u32 {
        (self.around + self.before).min(MOST_DOUBLINGS)
    }

    /// Another expression, or another statement, begins.
    fn end(&mut self) {
        if !self.is_text {
            (self.before, self.open, self.is_type) = (0, 0, self.begins_as_type);
            (self.extends, self.is_returned, self.is_generic) = (false, false, false);
            self.is_choice = self.begins_as_choice;
        }
    }

    /// What stood behind the `:` of a function is a type, and ends: a body follows, which is read once.
    fn end_type(&mut self) {
        if self.open == 0 && self.is_returned && !self.is_choice && !self.is_generic {
            self.is_type = self.begins_as_type;
        }
    }

    /// The tries of type arguments end, at what cannot stand in a type: the parser goes back, and reads what follows once.
    fn give_up(&mut self) {
        while self.open > 0 && self.casts & 1 == 0 {
            self.open -= 1;
            self.casts >>= 1;
            self.before = self.before.saturating_sub(1);
        }
        self.extends &= self.open > 0;
    }

    fn inside(&self, is_text: bool) -> Self {
        let is_type = self.is_type || self.open > 0;
        let around = self.doublings() + if is_type { OF_BRACKET } else { 0 };
        let is_choice = self.is_choice;
        Self {
            around,
            is_type,
            begins_as_type: is_type,
            is_choice,
            begins_as_choice: is_choice,
            is_text,
            ..Self::default()
        }
    }
}

/// What stood before, blanks and comments aside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A word or a number: from here to there.
    Word(usize, usize),
    /// The end of a string or a template.
    Text,
    /// A closing bracket.
    Closing,
    /// As much, of an object or of a block.
    Block,
    /// Anything else, and nothing.
    Other,
}

/// What a byte may begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    Mark,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Mark; 256];
    let mut byte = 0;
    while byte < 256 {
        let ascii = byte as u8;
        if ascii.is_ascii_alphanumeric() || ascii == b'_' || ascii == b'$' || byte >= 128 {
            classes[byte] = Class::Word;
        } else if ascii.is_ascii_whitespace() {
            classes[byte] = Class::Blank;
        }
        byte += 1;
    }
    classes
};

/// Whether reading this text would take too long. Linear in time.
pub(super) fn are_too_many(text: &str, reading: Reading) -> bool {
    let bytes = text.as_bytes();
    let has_choices = || memchr::memmem::find(bytes, b"=>").is_some() && memchr::memchr(b'?', bytes).is_some();
    if reading != Reading::Flow && memchr::memchr(b'<', bytes).is_none() && !has_choices() {
        return false;
    }
    let most = if reading == Reading::Flow { MOST_BYTES_OF_FLOW } else { MOST_BYTES };
    let limit = most + 8 * bytes.len() as u64;
    let mut scan =
        Scan { bytes, reading, levels: Vec::new(), level: Level::default(), before: Before::Other, keeps: false };
    let (mut at, mut from, mut total) = (0, 0, 0u64);
    while let Some(&byte) = bytes.get(at) {
        match CLASSES[usize::from(byte)] {
            Class::Blank => at += 1,
            Class::Word if scan.level.is_text => at += 1 + usize::from(byte == b'$' && scan.dollar(at)),
            Class::Word => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().position(|byte| CLASSES[usize::from(*byte)] != Class::Word);
                let end = at + length.unwrap_or(rest.len());
                scan.word(at, end);
                at = end;
            }
            Class::Mark => {
                let doublings = scan.level.doublings();
                at += scan.mark(at, byte);
                // What was read since the last mark, and this one.
                total = total.saturating_add(((at - from) as u64) << doublings.max(scan.level.doublings()));
                from = at;
                if total > limit {
                    return true;
                }
            }
        }
    }
    false
}

struct Scan<'a> {
    bytes: &'a [u8],
    reading: Reading,
    levels: Vec<Level>,
    level: Level,
    before: Before,
    /// Where a string may be a part of a regular expression, no bracket is taken for closed any more.
    keeps: bool,
}

impl<'a> Scan<'a> {
    fn after(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    /// Looks at the mark that stands here; gives the length of what it begins, at least 1.
    fn mark(&mut self, at: usize, byte: u8) -> usize {
        if byte == b'\\' {
            return 2;
        }
        if self.level.is_text {
            if byte == b'`' {
                self.close();
                self.before = Before::Text;
            }
            return 1;
        }
        let mut before = Before::Other;
        if self.level.open > 0 && self.is_of_no_type(at, byte) {
            self.level.give_up();
        }
        match byte {
            b'`' => self.open(true),
            b'"' | b'\'' => return self.string(at, byte),
            b'/' => return self.slash(at),
            b'{' if self.is_after_value() => {
                self.level.end_type();
                self.open(false);
            }
            b'(' | b'[' | b'{' => self.open(false),
            b')' | b']' | b'}' => {
                let is_test = self.level.is_test;
                self.close();
                if !self.level.is_text && !is_test {
                    before = if byte == b'}' { Before::Block } else { Before::Closing };
                }
            }
            b'<' if self.is_tried(at) => {
                let is_cast = !self.is_after_value();
                // A cast is a generic function too, and what stands behind either is read with it: three times for each.
                self.level.before += if is_cast && !self.is_behind(at, b'<') { 2 } else { 1 };
                self.level.open += 1;
                self.level.casts = self.level.casts << 1 | u64::from(is_cast);
            }
            b'>' if self.level.open > 0 && self.bytes.get(at - 1) != Some(&b'=') => before = self.closed(at),
            b';' => self.level.end(),
            b',' if self.level.open == 0 => self.level.end(),
            b':' => {
                let is_first = self.before == Before::Closing && !self.level.is_type;
                self.level.is_returned = is_first;
                self.level.is_type |= self.reading == Reading::Flow;
            }
            b'?' => self.level.is_choice |= self.is_after_value(),
            b'=' if self.bytes.get(at + 1) == Some(&b'>') => self.arrow(at),
            b'<' => self.level.is_generic = true,
            _ => {}
        }
        self.before = before;
        1
    }

    /// The arrow of a function. In a choice, whether `(a): b` belongs to it or to the choice is tried with the body: `x ? (a): b => {`.
    fn arrow(&mut self, at: usize) {
        if self.level.is_returned && self.level.is_choice {
            self.level.before += 1;
        }
        let body = self.after(at + 2).iter().find(|byte| !byte.is_ascii_whitespace());
        if body == Some(&b'{') {
            self.level.end_type();
        }
    }

    /// Whether a mark behind a value says that it is no type: `a.length < 1 ? (`, `a < b && (`.
    fn is_of_no_type(&self, at: usize, byte: u8) -> bool {
        let next = self.bytes.get(at + 1);
        let is_one = match byte {
            // `A extends B ? C : D`
            b'?' | b':' => !self.level.extends && self.reading != Reading::Flow,
            b'&' | b'|' => next == Some(&byte),
            b'=' | b'!' | b'<' => next == Some(&b'='),
            b'+' | b'-' | b'*' | b'%' | b'^' => true,
            b'/' => !matches!(next, Some(b'/' | b'*' | b'>')),
            _ => false,
        };
        is_one && self.is_after_value()
    }

    /// The last `<` is closed here.
    fn closed(&mut self, at: usize) -> Before {
        let is_cast = self.level.casts & 1 == 1;
        self.level.open -= 1;
        self.level.casts >>= 1;
        if is_cast {
            return Before::Other;
        }
        // After type arguments only what is called with them belongs to the try.
        let next = self.after(at + 1).iter().find(|byte| !byte.is_ascii_whitespace());
        if !matches!(next, Some(b'(' | b'`' | b'/')) {
            self.level.before = self.level.before.saturating_sub(1);
        }
        Before::Closing
    }

    /// Looks at the dollar in the text of a template; whether a bracket follows that belongs to it.
    fn dollar(&mut self, at: usize) -> bool {
        let opens = self.bytes.get(at + 1) == Some(&b'{');
        if opens {
            self.open(false);
        }
        opens
    }

    fn open(&mut self, is_text: bool) {
        let mut inside = self.level.inside(is_text);
        inside.is_test = matches!(self.word_before(), Some(b"if" | b"while" | b"for" | b"with"));
        self.levels.push(std::mem::replace(&mut self.level, inside));
        self.before = Before::Other;
    }

    fn close(&mut self) {
        if !self.keeps
            && let Some(level) = self.levels.pop()
        {
            self.level = level;
        }
    }

    fn is_behind(&self, at: usize, byte: u8) -> bool {
        at.checked_sub(1).and_then(|before| self.bytes.get(before)) == Some(&byte)
    }

    fn word_before(&self) -> Option<&'a [u8]> {
        match self.before {
            Before::Word(from, to) => self.bytes.get(from..to),
            _ => None,
        }
    }

    /// Whether what stood before is a whole value.
    fn is_after_value(&self) -> bool {
        match self.before {
            Before::Word(..) => self.word_before().is_some_and(|word| !is_between(word) && !is_before(word)),
            Before::Text | Before::Closing | Before::Block => true,
            Before::Other => false,
        }
    }

    /// Whether `<` may begin types; after anything but a value it is an element, where there are any.
    fn is_tried(&self, at: usize) -> bool {
        let next = self.bytes.get(at + 1);
        let is_after_name = || self.is_after_value() || self.word_before().is_some_and(|word| !is_reserved(word));
        next != Some(&b'=') && (self.reading == Reading::TypeScript || next != Some(&b'/') && is_after_name())
    }

    fn word(&mut self, from: usize, to: usize) {
        // Two values in a row are two statements, or an error: no try goes on over that.
        if self.before != Before::Other && self.is_after_value() && !self.bytes.get(from..to).is_some_and(is_between) {
            self.level.end();
        }
        let word = self.bytes.get(from..to);
        self.level.extends |= self.level.open > 0 && word == Some(b"extends");
        self.level.is_type |= self.reading == Reading::Flow && matches!(word, Some(b"as" | b"satisfies"));
        self.before = Before::Word(from, to);
    }

    fn string(&mut self, at: usize, quote: u8) -> usize {
        // `don't`, in the text of an element.
        if self.reading != Reading::TypeScript && matches!(self.before, Before::Word(_, to) if to == at) {
            return 1;
        }
        if self.is_after_value() {
            self.level.end();
        }
        self.before = Before::Text;
        1 + super::parse::string(self.after(at + 1), quote)
    }

    /// A comment, a division, a regular expression, or the end of an element.
    fn slash(&mut self, at: usize) -> usize {
        let rest = self.after(at + 1);
        match rest.first() {
            Some(b'/') => return 1 + memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()),
            Some(b'*') => return 1 + memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2),
            // `/>`
            Some(b'>') => {}
            // `</a>`: the end of an element, or an error, and no regular expression.
            _ if self.is_behind(at, b'<') => {}
            _ if !self.is_after_value() => {
                if let Some(length) = regular_expression(rest) {
                    self.before = Before::Text;
                    let behind = rest.get(length..).unwrap_or_default();
                    let flags = behind.iter().position(|byte| CLASSES[usize::from(*byte)] != Class::Word);
                    return 1 + length + flags.unwrap_or(behind.len());
                }
            }
            // An object is divided, or a block ends and an expression begins: what follows may lie in a string, or not.
            _ if self.before == Before::Block => {
                let inside = regular_expression(rest).and_then(|length| rest.get(..length)).unwrap_or_default();
                self.keeps |= inside.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`'));
            }
            _ => {}
        }
        self.before = Before::Other;
        1
    }
}

/// Length of a regular expression after its first slash, with the last one; `None` where the line ends before.
fn regular_expression(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut in_class) = (0, false);
    loop {
        match bytes.get(at)? {
            b'\\' => at += 1,
            b'\n' | b'\r' => return None,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

/// Words between two parts of one expression or type.
fn is_between(word: &[u8]) -> bool {
    matches!(word, b"as" | b"is" | b"in" | b"of" | b"extends" | b"satisfies" | b"instanceof" | b"implements")
}

/// Words before an expression or a type.
fn is_before(word: &[u8]) -> bool {
    matches!(
        word,
        b"abstract"
            | b"asserts"
            | b"await"
            | b"case"
            | b"default"
            | b"delete"
            | b"do"
            | b"else"
            | b"export"
            | b"infer"
            | b"keyof"
            | b"new"
            | b"readonly"
            | b"return"
            | b"throw"
            | b"typeof"
            | b"unique"
            | b"yield"
    )
}

/// Which of these words are never names: `yield<(` and `as<(` may call a function of that name.
fn is_reserved(word: &[u8]) -> bool {
    matches!(
        word,
        b"case"
            | b"default"
            | b"delete"
            | b"do"
            | b"else"
            | b"export"
            | b"extends"
            | b"in"
            | b"instanceof"
            | b"new"
            | b"return"
            | b"throw"
            | b"typeof"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_that_nest_are_too_many() {
        use Reading::{Flow, Tsx, TypeScript};
        for (unit, reading) in [
            ("a<(b=", TypeScript),
            ("a<{[", Tsx),
            ("a<((", Tsx),
            ("<T>(", TypeScript),
            ("<T>[<T>", TypeScript),
            ("x=<T>", TypeScript),
            ("a<T>`${", Tsx),
            ("(a:(", Flow),
            ("x?(a):b=>{", TypeScript),
            ("x?(a):b=>(", Tsx),
            ("<T>(a):b=>{", Flow),
            ("[?(", Flow),
            ("a?(b):c=>{", Flow),
            ("a?{b(){return (c):d=>{", Flow),
            ("a?(b):(c=>{", Flow),
            ("(a:(b)=>{", Flow),
            ("f<(')'", TypeScript),
            ("a<(/*)*/", TypeScript),
            ("a<(/)/.b,", TypeScript),
            ("a<(b=/'/,", TypeScript),
            ("if(a)/'/;a<(b=", TypeScript),
            ("{}/'/;a<(b=", TypeScript),
            ("<T>`a b;${", TypeScript),
            ("a<b extends c?(d=", TypeScript),
            ("<T>a<b?(", TypeScript),
            ("(as <", Flow),
            ("yield <(", Flow),
            ("(readonly as ", Flow),
            ("(<T>a", TypeScript),
            ("<a></a>(", TypeScript),
            ("/a/b(<T>", TypeScript),
        ] {
            let text = format!("let a:{}", unit.repeat(40));
            assert!(are_too_many(&text, reading), "{unit}");
            let few = format!("let a:{}", unit.repeat(3));
            assert!(!are_too_many(&few, reading), "{unit}");
        }
    }

    #[test]
    fn many_tries_one_after_another_are_few() {
        for line in [
            "if (a < b) { f((c), [d]) }\n",
            "a < b\n",
            "let a: Promise<Map<string, Array<(a: string) => void>>> = new Map<string, (a: { b: string }) => void>()\n",
            "for (let i = 0; i < n; i++) { a[i] = i < 3 ? (b) : (c) }\n",
            "const a = useState<string>(b(c, () => { d<string>(e) }))\n",
            "const a = <T>b, c = <T>d;\n",
            "const a = b / c, d = `a ${b < c ? `<p>${(d)}</p>` : ''} b`\n",
            "x = a<string>`b ${c}`\n",
            "interface A {\n b(c: Array<string>): Promise<D>\n e?: (f: G<H>) => void\n 'i': J<K>[]\n}\n",
            "const a = (b) / 2 + 'c/d' + (e < f) + g(h) / 2 + \"i/j\"\n",
            "if (a < b || (c - d < e + ([(f[(g)])]))) { h = i < j === ([([k])]) }\n",
            "type A = { b: C<D> | null }\nexport type E = F<G>\n",
        ] {
            for reading in [Reading::TypeScript, Reading::Tsx, Reading::Flow] {
                assert!(!are_too_many(&line.repeat(5000), reading), "{line} {reading:?}");
            }
        }
        let choices = "a < 1 ? ([{ b: () => (c < d && ([(e <= f)])) }]) : a.b < c?.d ? ([([g])]) : h\n".repeat(5000);
        for reading in [Reading::TypeScript, Reading::Tsx] {
            assert!(!are_too_many(&choices, reading), "{reading:?}");
        }
        let body = "{ e: (f: ?G) => { if (h && [1].some((i) => ([j]))) { k({ l: [m] }) } } }";
        let functions =
            format!("const a = (b: ?C): D<E> => {{ return new F((g) => {{ h(() => {{ i({body}) }}) }}) }}\n")
                + &format!("function a(b: C): D {{ return e(() => {{ f(() => ({body})) }}) }}\n")
                + &format!("class A {{ b: C = d\n e(f: G): H {{ return i(() => {{ j(() => ({body})) }}) }} }}\n");
        assert!(!are_too_many(&functions.repeat(1000), Reading::Flow));
        let element = "<div a={b} c=\"d\"><p>don't</p> e <b>f</b>{g.map((h) => (<i key={h}>{h} (j)</i>))}</div>\n";
        let page = format!("const a = () => (<div>{}</div>)\n", element.repeat(2000));
        assert!(!are_too_many(&page, Reading::Tsx));
    }
}
