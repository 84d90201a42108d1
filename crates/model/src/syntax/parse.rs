//! Runs the parser: which syntax a file is in, what to do after an error, how much stack it may need.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use swc_common::comments::SingleThreadedComments;
use swc_common::{BytePos, Spanned};
use swc_ecma_ast::{EsVersion, ModuleItem};
use swc_ecma_parser::unstable::Token;
use swc_ecma_parser::{EsSyntax, FlowSyntax, Lexer, Parser, StringInput, Syntax, TsSyntax};

use super::binds::without_binds;
use super::lower::Lowering;
use super::templates::Template;
use super::tries::{self, Reading};
use crate::source::FileKind;
use crate::summary::{Comment, LINTER_WORDS, Range, Summary, speaks_to_linters};

/// A stretch of a file that is one script: the whole file, or one `<script>`.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// The whole text of the file.
    pub text: &'a str,
    /// The script in it.
    pub range: Range,
    /// JavaScript, TypeScript or TSX.
    pub kind: FileKind,
    /// A declaration file, or one that only holds types.
    pub declarations: bool,
    /// The template of the component whose script it is.
    pub template: Option<Template<'a>>,
}

/// An error of the parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset in the file.
    pub at: u32,
    /// In the parser's words.
    pub message: String,
}

/// What came of a script.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What could be read.
    pub summary: Summary,
    /// Errors after which something was lost.
    pub errors: Vec<SyntaxError>,
    /// A part was nested more deeply than the analysis follows and is unknown in the summary.
    pub too_deep: bool,
}

/// Restarts after a syntax error, at most: past this the rest of the file is given up.
const MOST_RESTARTS: usize = 50;

/// What is said of a text with types that is given up, or read without them.
const MANY_WAYS: &str = "what follows can be read in too many ways";

/// A script longer than this, in bytes, is tried in one syntax unless that reads nothing of it.
const LARGE: usize = 1 << 20;

/// Frames of an unoptimised build are larger.
const BUILD: u64 = if cfg!(debug_assertions) { 4 } else { 1 };

/// Stack for one level of brackets, in bytes: the worst that was measured (immediately invoked functions), with a margin.
pub const STACK_PER_LEVEL: u64 = 12 * 1024 * BUILD;

/// Stack for one operator or word, in bytes: most are parsed in a loop and dropped by recursion, prefixes recurse.
const STACK_PER_OPERATOR: u64 = 2 * 1024 * BUILD;

/// Deepest nesting that is parsed, in levels of brackets: what lies deeper costs hundreds of megabytes of stack.
pub const MOST_NESTING: u64 = 16_000;

/// So much stack every worker has, in bytes: what is sure to need less is not looked at more closely.
const FEW: u64 = 30 << 20;

/// Longest row of operators that is parsed.
const MOST_OPERATORS: u64 = 200_000;

/// What an arrow, a label or a condition counts in a row of operators: these recurse.
const PREFIX: u64 = 8;

/// What `<` counts in a row of operators: before each nested cast the parser tries all that follow as a generic function.
const CAST: u64 = 100;

/// Operators, brackets and separators of one file that is parsed. A syntax tree takes about 140 bytes for each; minified code has one in
/// four or five bytes, so that even the largest file that is read holds less.
const MOST_MARKS: usize = 1_400_000;

/// `else if` that follow each other, at most: the parser's time for them is quadratic.
const MOST_ELSE: usize = 4_000;

/// Digits of a number, at most: the parser's time for big integers is quadratic.
const MOST_DIGITS: usize = 50_000;

/// An upper bound on the stack that parsing and lowering this text can need, in bytes.
///
/// Counts every opening bracket and operator as if all of them nested, so nothing that a string or comment holds can lower it.
pub fn stack_bytes(text: &str) -> u64 {
    // Nothing nests more often than once per byte.
    let most = text.len() as u64 * STACK_PER_LEVEL;
    if most <= 16 << 20 {
        return (1 << 20) + most;
    }
    // Of most scripts it is enough to know their brackets: as if all else were operators.
    let (opening, length) = (opening(text.as_bytes()), text.len() as u64);
    let most = opening * STACK_PER_LEVEL + length * STACK_PER_OPERATOR;
    if most <= FEW {
        return (1 << 20) + most;
    }
    let marks = Marks::of(text.as_bytes());
    (1 << 20) + marks.brackets * STACK_PER_LEVEL + marks.operators * STACK_PER_OPERATOR
}

/// An upper bound of the brackets, quotes of templates and arrows of a text.
fn opening(bytes: &[u8]) -> u64 {
    // In steps that a byte can count, so that it is done for many bytes at a time.
    let opens = |&byte: &u8| u8::from((byte == b'(') | (byte | 0x20 == b'{') | (byte == b'`') | (byte == b'>'));
    bytes.chunks(224).map(|step| u64::from(step.iter().map(opens).sum::<u8>())).sum()
}

/// How often what nests occurs in a text, whatever holds it.
struct Marks {
    /// Opening brackets, quotes of templates, arrows.
    brackets: u64,
    /// Operators, and blanks after a word.
    operators: u64,
}

impl Marks {
    fn of(bytes: &[u8]) -> Self {
        // Each byte with the one before it, in steps that a byte can count: so it is done for many bytes at a time.
        const STEP: usize = 224;
        let mut marks = Self { brackets: 0, operators: 0 };
        marks.add(b" ", bytes.get(..1).unwrap_or_default());
        let befores = bytes.chunks(STEP);
        let afters = bytes.get(1..).unwrap_or_default().chunks(STEP);
        for (before, after) in befores.zip(afters) {
            marks.add(before, after);
        }
        marks
    }

    fn add(&mut self, before: &[u8], after: &[u8]) {
        let (mut brackets, mut operators) = (0u8, 0u8);
        for (&before, &byte) in before.iter().zip(after) {
            let is_arrow = (byte == b'>') & (before == b'=');
            let opens = (byte == b'(') | (byte | 0x20 == b'{') | (byte == b'`');
            let is_low = (byte.wrapping_sub(b'*') < 6) & (byte != b',');
            let is_middle = (byte.wrapping_sub(b':') < 7) & (byte != b';');
            let is_high = (byte == b'^') | (byte == b'|') | (byte == b'~');
            let is_operator = is_low | is_middle | is_high | (byte == b'!') | (byte == b'%') | (byte == b'&');
            let is_blank = (byte == b' ') | (byte == b'\n') | (byte == b'\t') | (byte == b'\r');
            let ends_word = is_blank & ((before | 0x20).wrapping_sub(b'a') < 26);
            brackets += u8::from(opens | is_arrow);
            operators += u8::from((is_operator & !is_arrow) | ends_word);
        }
        self.brackets += u64::from(brackets);
        self.operators += u64::from(operators);
    }
}

/// An upper bound of [`nesting`], found faster: as if nothing were ever closed.
pub fn most_nesting(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let marks = Marks::of(bytes);
    let casts = memchr::memchr_iter(b'<', bytes).count() as u64;
    let prefixes = memchr::memchr3_iter(b':', b'?', b'>', bytes).count() as u64;
    marks.brackets + (marks.operators + casts * CAST + prefixes * PREFIX) * MOST_NESTING / MOST_OPERATORS
}

/// The deepest nesting of this text, as far as a look at the bytes can tell.
///
/// Strings, comments and templates are told from code, regular expressions only where they hold no quote. It decides which
/// texts would cost too much memory; that none overflows the stack is the work of [`stack_bytes`].
pub fn nesting(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let (mut depth, mut run, mut deepest) = (0u64, 0u64, 0u64);
    // Depths at which `${` was opened: their `}` leads back into a template.
    let mut templates: Vec<u64> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at + 1..];
        match byte {
            b'"' | b'\'' => at += string(rest, byte),
            b'/' if rest.first() == Some(&b'/') => at += memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            b'/' if rest.first() == Some(&b'*') => {
                at += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2);
            }
            b'`' => at += template(rest, &mut depth, &mut templates),
            b'}' if templates.last() == Some(&depth) => {
                templates.pop();
                depth = depth.saturating_sub(1);
                at += template(rest, &mut depth, &mut templates);
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                run = 0;
            }
            b';' | b',' => run = 0,
            b'>' if at > 0 && bytes[at - 1] == b'=' => run += PREFIX,
            // `</a>`, `<a/>`
            b'<' if rest.first() == Some(&b'/') => run = 0,
            b'>' if at > 0 && bytes[at - 1] == b'/' => run = 0,
            b'<' => run += CAST,
            b':' | b'?' => run += PREFIX,
            b'.' | b'+' | b'!' | b'-' | b'~' | b'=' | b'*' | b'&' | b'|' => run += 1,
            b' ' | b'\n' if at > 0 && bytes[at - 1].is_ascii_lowercase() => run += 1,
            _ => {}
        }
        deepest = deepest.max(depth + run * MOST_NESTING / MOST_OPERATORS);
        at += 1;
    }
    deepest
}

/// Length of a string after its opening quote, with the closing one: at most to the end of the line.
pub(super) fn string(bytes: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' => return at,
            _ if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Length of a template's text up to its end or its next `${`, which is entered.
pub(super) fn template(bytes: &[u8], depth: &mut u64, templates: &mut Vec<u64>) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'`' => return at + 1,
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                *depth += 1;
                templates.push(*depth);
                return at + 2;
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Why parsing this text would take too long, whatever its nesting.
pub fn unbearable(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    // A row of digits of that length holds one of these bytes.
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'_';
    let mut at = MOST_DIGITS;
    while at < bytes.len() {
        if is_digit(&bytes[at]) {
            let before = bytes[..at].iter().rev().take_while(|byte| is_digit(byte)).count();
            let after = bytes[at..].iter().take_while(|byte| is_digit(byte)).count();
            if before + after > MOST_DIGITS && bytes.get(at + after) == Some(&b'n') {
                return Some(format!("a number of {} digits", before + after));
            }
            at += after;
        }
        at += MOST_DIGITS;
    }
    if bytes.len() > MOST_MARKS {
        // A row of one mark is a comment's, or one operator.
        let is_mark = |byte: u8| byte.is_ascii_punctuation() && !matches!(byte, b'_' | b'$');
        let in_row = |byte: u8, before: u8| byte == before && !matches!(byte, b'(' | b'[' | b'{' | b')' | b']' | b'}');
        let marks = bytes.windows(2).filter(|pair| is_mark(pair[1]) && !in_row(pair[1], pair[0])).count();
        if marks > MOST_MARKS {
            return Some(format!("{marks} operators and brackets in one file"));
        }
    }
    if bytes.len() < MOST_ELSE * 8 {
        return None;
    }
    // Counted as if they followed each other, unless an `if` without `else` or a function lies between.
    let (mut count, mut total, mut last) = (0, 0, 0);
    for at in memchr::memmem::find_iter(bytes, b"else") {
        let rest = &bytes[at + 4..];
        let word = rest.iter().take(64).position(|byte| !byte.is_ascii_whitespace());
        if !word.is_some_and(|word| rest[word..].starts_with(b"if") || rest[word] == b'/') {
            continue;
        }
        count = if memchr::memmem::find(&bytes[last..at], b"function").is_some() { 0 } else { count + 1 };
        last = at;
        total += 1;
        if count > MOST_ELSE || total > 4 * MOST_ELSE {
            return Some(format!("over {count} `else if` in a row"));
        }
    }
    None
}

thread_local! {
    static PARSING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs the parser: a panic then is a defect of it that is caught and reported as a syntax error.
pub fn is_parsing() -> bool {
    PARSING.get()
}

/// What work of the parser's gives; none if it panics.
fn caught<R>(work: impl FnOnce() -> R) -> Option<R> {
    let before = PARSING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    PARSING.set(before);
    result.ok()
}

/// Reads one script.
///
/// The caller provides a stack of [`stack_bytes`]. A defect of the parser is caught and reported as an error.
pub fn summarise(script: Script) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| read(script))) {
        Ok(outcome) => outcome,
        Err(_) => Outcome {
            summary: super::lower::empty(script.range),
            errors: vec![SyntaxError { at: script.range.0, message: "the parser failed on this file".to_owned() }],
            too_deep: false,
        },
    }
}

/// Reads JSON, JSON with comments or JSON5: an expression, which the summary exports whole.
pub fn summarise_json(text: &str) -> Outcome {
    let script =
        Script { text, range: (0, text.len() as u32), kind: FileKind::Json, declarations: false, template: None };
    let read = || {
        let syntax = Syntax::Es(EsSyntax::default());
        let input = StringInput::new(text, BytePos(1), BytePos(1 + text.len() as u32));
        let mut parser = Parser::new_from(Lexer::new(syntax, EsVersion::EsNext, input, None));
        let mut lowering = Lowering::new(script.range);
        let mut errors = Vec::new();
        match caught(|| parser.parse_expr()) {
            Some(Ok(expr)) => {
                lowering.whole(&expr);
                if parser.input().cur() != Token::Eof {
                    let at = parser.input().cur_span().lo.0.saturating_sub(1);
                    errors.push(SyntaxError { at, message: "something follows the value".to_owned() });
                }
            }
            Some(Err(error)) => errors
                .push(SyntaxError { at: error.span().lo.0.saturating_sub(1), message: error.kind().msg().to_string() }),
            None => errors.push(SyntaxError { at: 0, message: "the parser failed on this file".to_owned() }),
        }
        let (mut summary, too_deep) = lowering.finish();
        if !text.is_ascii() {
            take_whole_characters(&mut summary, text);
        }
        Outcome { summary, errors, too_deep }
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Outcome {
        summary: super::lower::empty(script.range),
        errors: vec![SyntaxError { at: 0, message: "the parser failed on this file".to_owned() }],
        too_deep: false,
    })
}

fn read(script: Script) -> Outcome {
    let source = &script.text[script.range.0 as usize..script.range.1 as usize];
    let comments = speaks_to_linters(source).then(SingleThreadedComments::default);
    let base = script.range.0 + 1;
    let mut best: Option<Parsed> = None;
    for syntax in syntaxes(&script, source) {
        // The trees of two attempts at a large file are too much.
        if best.as_ref().is_some_and(|best| source.len() > LARGE && !best.items.is_empty()) {
            break;
        }
        let mut parsed = items(source, base, syntax, comments.as_ref());
        let clean = parsed.errors.is_empty();
        // What JavaScript has no words for is no error of the file: why it was read so is.
        if !clean && is_typed(script.kind) && !syntax.typescript() {
            parsed.errors[0].message = MANY_WAYS.to_owned();
        }
        if best.as_ref().is_none_or(|best| parsed.errors.len() < best.errors.len()) {
            best = Some(parsed);
        }
        if clean {
            break;
        }
    }
    let mut parsed = best.unwrap_or_default();
    if !parsed.errors.is_empty()
        && !is_typed(script.kind)
        && source.len() <= LARGE
        && let Some(source) = without_binds(source)
    {
        let again = items(&source, base, plain(), comments.as_ref());
        if again.errors.len() < parsed.errors.len() {
            parsed = again;
        }
    }
    let mut lowering = Lowering::new(script.range);
    lowering.module(parsed.items);
    if let Some(template) = script.template {
        lowering.component_template(template, script.text);
    }
    let (mut summary, too_deep) = lowering.finish();
    if let Some(comments) = comments {
        summary.comments = speaking(&comments);
    }
    if !source.is_ascii() {
        take_whole_characters(&mut summary, script.text);
    }
    Outcome { summary, errors: parsed.errors, too_deep }
}

/// Moves places that lie inside a character to its start: the parser's own, where something is missing after a blank of several bytes.
fn take_whole_characters(summary: &mut Summary, text: &str) {
    let whole = |span: &mut Range| {
        for end in [&mut span.0, &mut span.1] {
            *end = text.floor_char_boundary(*end as usize) as u32;
        }
    };
    summary.values.iter_mut().for_each(|node| whole(&mut node.span));
    summary.calls.iter_mut().for_each(|call| whole(&mut call.span));
    summary.functions.iter_mut().for_each(|function| whole(&mut function.span));
}

/// Parses a script as the analysis does and drops its trees: what a benchmark holds a whole run against. Gives the number of statements.
///
/// The caller provides the stack.
pub fn parse_and_drop(text: &str, kind: FileKind, declarations: bool) -> usize {
    let script = Script { text, range: (0, text.len() as u32), kind, declarations, template: None };
    for syntax in syntaxes(&script, text) {
        let parsed = items(text, 1, syntax, None);
        if parsed.errors.is_empty() || text.len() > LARGE && !parsed.items.is_empty() {
            return parsed.items.len();
        }
    }
    0
}

/// Parses one expression that begins at this byte of its file.
pub(super) fn expression(text: &str, at: u32, syntax: Syntax) -> Option<Box<swc_ecma_ast::Expr>> {
    let input = StringInput::new(text, BytePos(at + 1), BytePos(at + 1 + text.len() as u32));
    caught(|| Parser::new_from(Lexer::new(syntax, EsVersion::EsNext, input, None)).parse_expr())?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_whole_characters() {
        for text in ["-\u{feff}0x9", "[-\u{2028}]", "-\u{2029} 1"] {
            let summary = summarise_json(text).summary;
            assert!(!summary.values.is_empty(), "{text:?}");
            for node in summary.values {
                assert!(text.get(node.span.0 as usize..node.span.1 as usize).is_some(), "{text:?} {:?}", node.span);
            }
        }
    }

    #[test]
    fn what_follows_a_value_of_json_is_an_error() {
        for (text, errors) in [("{} // a\n", 0), ("{}\n{}", 1), ("1 2", 1), ("[1,]", 0), ("", 1)] {
            assert_eq!(summarise_json(text).errors.len(), errors, "{text}");
        }
    }

    #[test]
    fn marks_are_counted_as_one_by_one() {
        let mut text = "a => b; (x[`y`]{ return\tz }) <T>!a?.b:c ^~|&%@* word\r\n, é; 1 2 = => >= [".repeat(40);
        text.extend((0..128u8).flat_map(|a| (0..128u8).flat_map(move |b| [char::from(a), char::from(b)])));
        for text in [text.as_str(), "", "(", "=", "a ", &"(".repeat(600), &"a ".repeat(600)] {
            let (mut brackets, mut operators, mut previous) = (0, 0, b' ');
            for byte in text.bytes() {
                match byte {
                    b'(' | b'[' | b'{' | b'`' => brackets += 1,
                    b'>' if previous == b'=' => brackets += 1,
                    b' ' | b'\n' | b'\t' | b'\r' if previous.is_ascii_alphabetic() => operators += 1,
                    byte if b".+?!-*/%&|^~<>=:@".contains(&byte) => operators += 1,
                    _ => {}
                }
                previous = byte;
            }
            let marks = Marks::of(text.as_bytes());
            assert_eq!((marks.brackets, marks.operators), (brackets, operators), "{text:?}");
            assert!(opening(text.as_bytes()) >= brackets);
            assert!(most_nesting(text) >= nesting(text));
        }
    }
}

#[derive(Default)]
struct Parsed {
    items: Vec<ModuleItem>,
    errors: Vec<SyntaxError>,
}

/// The syntaxes to try, the likeliest first; the next one only after a fatal error.
///
/// Those in which the text would be read too often are left out. There is always one: plain JavaScript is read once.
fn syntaxes<'a>(script: &Script, source: &'a str) -> impl Iterator<Item = Syntax> + use<'a> {
    let es = plain();
    let ts = |tsx| {
        Syntax::Typescript(TsSyntax {
            tsx,
            decorators: true,
            dts: script.declarations,
            no_early_errors: true,
            ..Default::default()
        })
    };
    let flow = Syntax::Flow(FlowSyntax { jsx: true, all: true, decorators: true, ..Default::default() });
    let all = match script.kind {
        FileKind::TypeScript => vec![ts(false), ts(true), es],
        FileKind::Tsx => vec![ts(true), ts(false), es],
        _ => {
            let head = source.as_bytes();
            let head = &head[..head.len().min(1024)];
            let is_flow = memchr::memmem::find(head, b"@flow").is_some();
            if is_flow { vec![flow, es, ts(true)] } else { vec![es, flow, ts(true)] }
        }
    };
    // JavaScript is the last resort for what has types.
    let is_typed = is_typed(script.kind);
    let mut is_left_out = false;
    all.into_iter().filter(move |syntax| {
        if !syntax.typescript() && !syntax.flow() {
            return !is_typed || is_left_out;
        }
        let is_bearable = is_bearable(source, *syntax);
        is_left_out |= !is_bearable;
        is_bearable
    })
}

/// JavaScript without types.
fn plain() -> Syntax {
    Syntax::Es(EsSyntax {
        jsx: true,
        decorators: true,
        decorators_before_export: true,
        export_default_from: true,
        import_attributes: true,
        allow_super_outside_method: true,
        allow_return_outside_function: true,
        auto_accessors: true,
        explicit_resource_management: true,
        ..Default::default()
    })
}

fn is_typed(kind: FileKind) -> bool {
    matches!(kind, FileKind::TypeScript | FileKind::Tsx)
}

/// Whether a text can be read in a syntax without trying too often what it means.
pub(super) fn is_bearable(text: &str, syntax: Syntax) -> bool {
    let reading = match (syntax.flow(), syntax.jsx()) {
        (true, _) => Reading::Flow,
        (false, true) => Reading::Tsx,
        (false, false) => Reading::TypeScript,
    };
    !tries::are_too_many(text, reading)
}

/// How often a text is looked at, in all, for whether it can be read on after an error.
const MOST_LOOKS: usize = 8;

/// A text shorter than this is looked at as often as if it were as long, in bytes.
const LEAST_LOOKED_AT: usize = 1 << 20;

/// Parses item by item, so that a syntax error costs the item that holds it and not the file.
fn items(source: &str, base: u32, syntax: Syntax, comments: Option<&SingleThreadedComments>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut from = 0usize;
    let mut looked_at = 0usize;
    for _ in 0..=MOST_RESTARTS {
        let Some(rest) = source.get(from..) else { break };
        // What was the text of a template, or a comment, as long as nothing was left out, is code from here on.
        if from > 0 && (syntax.typescript() || syntax.flow()) {
            looked_at += rest.len();
            if looked_at > source.len().max(LEAST_LOOKED_AT) * MOST_LOOKS || !is_bearable(rest, syntax) {
                parsed.errors.push(SyntaxError { at: base - 1 + from as u32, message: MANY_WAYS.to_owned() });
                break;
            }
        }
        let start = BytePos(base + from as u32);
        let input = StringInput::new(rest, start, BytePos(base + source.len() as u32));
        let lexer = Lexer::new(
            syntax,
            EsVersion::EsNext,
            input,
            comments.map(|comments| comments as &dyn swc_common::comments::Comments),
        );
        let mut parser = Parser::new_from(lexer);
        parser.allow_module_syntax();
        if from == 0 {
            let _ = parser.parse_shebang();
        }
        let ended = caught(|| {
            loop {
                if parser.input().cur() == Token::Eof {
                    break None;
                }
                match parser.parse_module_item() {
                    Ok(item) => parsed.items.push(item),
                    Err(error) => break Some((error.span().lo, error.kind().msg().to_string())),
                }
            }
        });
        let failed = match ended {
            Some(failed) => failed,
            // A defect of the parser costs an item as an error does. Where it came to is only a place: nothing is read on there.
            None => Some((parser.input().cur_span().lo, "the parser failed here".to_owned())),
        };
        let Some((at, message)) = failed else { break };
        let at = at.0.max(base);
        parsed.errors.push(SyntaxError { at: at - 1, message });
        // Go on with the next line after the error, or after what was read where the error lies before it.
        let read_to = parsed.items.last().map_or(0, |item| item.span().hi.0.saturating_sub(base) as usize);
        let error_at = (at - base) as usize;
        let next = error_at.max(read_to).max(from);
        match source.as_bytes().get(next..).and_then(|rest| memchr::memchr2(b'\n', b'\r', rest)) {
            Some(newline) if next + newline + 1 < source.len() => from = next + newline + 1,
            _ => break,
        }
    }
    parsed
}

/// The comments that speak to linters, in source order.
fn speaking(comments: &SingleThreadedComments) -> Vec<Comment> {
    let (leading, trailing) = comments.borrow_all();
    let mut found: Vec<Comment> = leading
        .values()
        .chain(trailing.values())
        .flatten()
        .filter(|comment| LINTER_WORDS.iter().any(|word| comment.text.contains(word)))
        .map(|comment| Comment {
            text: comment.text.to_string(),
            span: (comment.span.lo.0.saturating_sub(1), comment.span.hi.0.saturating_sub(1)),
        })
        .collect();
    found.sort_by_key(|comment| comment.span);
    found.dedup();
    found
}
