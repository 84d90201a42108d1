//! New inputs from old ones. The same seed gives the same inputs on every machine.

/// xorshift64*
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: usize) -> usize {
        ((self.next() >> 11) % n.max(1) as u64) as usize
    }
}

/// What bytes alone would find late.
const WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "`",
    "${",
    "'",
    "\"",
    "\\",
    "/*",
    "*/",
    "//",
    "<!--",
    "-->",
    "\n",
    "\r\n",
    "\t",
    "\u{feff}",
    "\u{2028}",
    "\u{0}",
    "ä",
    "😀",
    "\\u{110000}",
    "=>",
    "...",
    "?.",
    "??=",
    "#!",
    "&amp;",
    "&#x110000;",
    "%00",
    "http://",
    "https://*.",
    "'unsafe-inline'",
    "'nonce-",
    "*",
    "|",
    "&a",
    "*a",
    "<<: ",
    "- ",
    "? ",
    ": ",
    "---\n",
    "!!",
    "0",
    "-1",
    "1e999",
    "4294967296",
    "9999999999999999999999",
    "^",
    "~",
    "npm:",
    "workspace:",
    "@",
    "__proto__",
    "constructor",
    "async ",
    "await ",
    "yield ",
    "class ",
    "function ",
    "import ",
    "export ",
    "default ",
    "const ",
    "var ",
    "type ",
    "enum ",
    "return ",
    "if (",
    "else ",
    "for (",
    "switch (",
    "case ",
    "try {",
    "catch ",
    "new ",
    "this",
    "super",
    "eval(",
    "require(",
    "electron",
    "BrowserWindow",
    "webPreferences",
    "webContents",
    "ipcMain",
    "shell.openExternal(",
    "preload",
    "nodeIntegration",
    "<webview ",
    "<script>",
    "</script>",
    "<meta http-equiv=",
    "content-security-policy",
    "electrolint-ignore[",
    "// file: a.js\n",
];

/// Changes an input a little; `other` is one to take from.
pub fn mutate(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8], most: usize) {
    for _ in 0..=random.below(5) {
        let at = random.below(bytes.len() + 1);
        match random.below(12) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => bytes.insert(at, random.below(128) as u8),
            3 => {
                let end = (at + 1 + random.below(16)).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
            4 if random.below(4) == 0 => bytes.truncate(at),
            5 | 6 => {
                let word = WORDS[random.below(WORDS.len())].as_bytes();
                bytes.splice(at..at, word.iter().copied());
            }
            7 => {
                let from = random.below(other.len() + 1);
                let part = &other[from..(from + random.below(96)).min(other.len())];
                bytes.splice(at..at, part.iter().copied());
            }
            8 => {
                let part = bytes[at..(at + random.below(48)).min(bytes.len())].to_vec();
                for _ in 0..=random.below(3) {
                    bytes.splice(at..at, part.iter().copied());
                }
            }
            9 => {
                // A part goes elsewhere.
                let end = (at + random.below(64)).min(bytes.len());
                let part: Vec<u8> = bytes.drain(at..end).collect();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, part);
            }
            10 => word_for_word(random, bytes, other),
            _ if at < bytes.len() => bytes[at] = bytes[at].wrapping_add(random.below(3) as u8).wrapping_sub(1),
            _ => {}
        }
    }
    bytes.truncate(most);
}

/// One word in the place of another.
fn word_for_word(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let word = |bytes: &[u8], at: usize| {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let start = at - bytes[..at].iter().rev().take_while(|byte| is_part(byte)).count();
        let end = at + bytes[at..].iter().take_while(|byte| is_part(byte)).count();
        start..end
    };
    let (to, from) = (random.below(bytes.len() + 1), random.below(other.len() + 1));
    let (to, from) = (word(bytes, to), word(other, from));
    bytes.splice(to, other[from].iter().copied());
}
