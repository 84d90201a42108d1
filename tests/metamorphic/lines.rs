//! Line ends, and comments.

use swc_common::Spanned;
use swc_ecma_ast::*;
use swc_ecma_visit::{Visit, VisitWith};

use crate::pieces::Edit;
use crate::tree::{Script, start};

/// Ends all lines as Windows does.
pub fn crlf(bytes: &[u8]) -> Result<Vec<Edit>, &'static str> {
    ends(bytes, "\r\n")
}

/// Ends all lines of a script or page as old Macs did.
pub fn cr(path: &str, bytes: &[u8]) -> Result<Vec<Edit>, &'static str> {
    match path.rsplit('.').next() {
        Some("js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "html" | "htm") => ends(bytes, "\r"),
        _ => Err("not every format ends a line with a lone CR"),
    }
}

fn ends(bytes: &[u8], line_end: &str) -> Result<Vec<Edit>, &'static str> {
    if std::str::from_utf8(bytes).is_err() || bytes.contains(&0) {
        return Err("not UTF-8");
    }
    if bytes.contains(&b'\r') {
        return Err("it has CR already");
    }
    let newlines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    Ok(newlines.map(|(at, _)| Edit { range: at..at + 1, text: line_end.into() }).collect())
}

/// What comments say that must not be read as code.
const GUILTY: &str = "new BrowserWindow({ webPreferences: { nodeIntegration: true, webSecurity: false } }); eval(x)";

/// Puts comments before statements, arguments and properties.
pub fn comments(script: &Script) -> Result<Vec<Edit>, &'static str> {
    let mut comments = Comments { edits: Vec::new(), new_lines: !script.has_orders() };
    script.module.visit_with(&mut comments);
    Ok(comments.edits)
}

struct Comments {
    edits: Vec<Edit>,
    /// Comments that speak to linters name the line below.
    new_lines: bool,
}

impl Comments {
    fn before_statement(&mut self, at: usize) {
        let text = match (self.new_lines, self.edits.len() % 2) {
            (true, 0) => format!("// {GUILTY}\n"),
            _ => format!("/* {GUILTY} */ "),
        };
        self.edits.push(Edit::insert(at, text));
    }
}

impl Visit for Comments {
    fn visit_module_item(&mut self, item: &ModuleItem) {
        // A statement is met below.
        if item.is_module_decl() {
            self.before_statement(start(item.span()));
        }
        item.visit_children_with(self);
    }

    fn visit_stmt(&mut self, statement: &Stmt) {
        self.before_statement(start(statement.span()));
        statement.visit_children_with(self);
    }

    fn visit_expr_or_spread(&mut self, argument: &ExprOrSpread) {
        self.edits.push(Edit::insert(start(argument.span()), "/* nodeIntegration: true */ "));
        argument.visit_children_with(self);
    }

    fn visit_prop_or_spread(&mut self, property: &PropOrSpread) {
        self.edits.push(Edit::insert(start(property.span()), "/* contextIsolation: false, */ "));
        property.visit_children_with(self);
    }
}
