//! Syntax trees of the scripts of fixtures: what a change may touch is found in them.

use std::panic::catch_unwind;

use swc_common::{BytePos, Span};
use swc_ecma_ast::{EsVersion, Module};
use swc_ecma_parser::{EsSyntax, Lexer, Parser, StringInput, Syntax, TsSyntax};

/// A script that can be changed.
pub struct Script<'a> {
    pub path: &'a str,
    pub text: &'a str,
    pub module: Module,
    pub is_typescript: bool,
}

impl<'a> Script<'a> {
    /// Reads a file.
    ///
    /// # Errors
    /// Why it is left as it is: a phrase, or nothing for a file that is no script.
    pub fn read(path: &'a str, bytes: &'a [u8]) -> Result<Self, &'static str> {
        let ending = path.rsplit('.').next().unwrap_or_default();
        let (is_typescript, is_tsx) = match ending {
            "js" | "mjs" | "cjs" | "jsx" => (false, false),
            "ts" | "mts" | "cts" => (true, false),
            "tsx" => (true, true),
            _ => return Err(""),
        };
        let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8")?;
        if text.starts_with('\u{feff}') || text.contains('\0') {
            return Err("a byte-order mark, or no text");
        }
        let syntax = if is_typescript {
            Syntax::Typescript(TsSyntax { tsx: is_tsx, decorators: true, no_early_errors: true, ..TsSyntax::default() })
        } else {
            Syntax::Es(EsSyntax {
                jsx: true,
                decorators: true,
                decorators_before_export: true,
                allow_return_outside_function: true,
                ..EsSyntax::default()
            })
        };
        let parse = || {
            let input = StringInput::new(text, BytePos(1), BytePos(1 + text.len() as u32));
            let mut parser = Parser::new_from(Lexer::new(syntax, EsVersion::EsNext, input, None));
            let module = parser.parse_module().map_err(|_| "a syntax error")?;
            if parser.take_errors().is_empty() { Ok(module) } else { Err("a syntax error") }
        };
        let module = catch_unwind(parse).map_err(|_| "a defect of the parser")??;
        Ok(Self { path, text, module, is_typescript })
    }

    /// Whether comments in it speak to linters of the lines around them: what moves code between lines changes what they say.
    pub fn has_orders(&self) -> bool {
        self.text.contains("electrolint-ignore") || self.text.contains("eng-disable")
    }

    /// Whether it is a module, of either kind: what it declares is its own. Else its names are those of all scripts of its page.
    pub fn is_module(&self) -> bool {
        let declares = self.module.body.iter().any(|item| item.is_module_decl());
        declares || ["require(", "module.exports", "exports."].iter().any(|sign| self.text.contains(sign))
    }
}

/// First byte of a span.
pub fn start(span: Span) -> usize {
    span.lo.0 as usize - 1
}

/// One past its last byte.
pub fn end(span: Span) -> usize {
    span.hi.0 as usize - 1
}
