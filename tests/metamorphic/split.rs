//! A file in two: what needs nothing of the rest moves into a file beside it and is imported.

use std::collections::BTreeSet;
use std::ops::Range;

use swc_common::Spanned;
use swc_ecma_ast::*;
use swc_ecma_visit::{Visit, VisitWith};

use crate::names::{Fixed, Names};
use crate::order::is_quiet;
use crate::pieces::{Piece, Pieces};
use crate::tree::{Script, end, start};

/// Divides every script of an app that can be.
pub fn split(files: &super::Files) -> (Pieces, Vec<&'static str>) {
    let mut app = Pieces::new();
    let mut left = Vec::new();
    for (path, bytes) in files {
        match divide(files, path, bytes) {
            Ok((rest, (name, part))) if !files.iter().any(|(other, _)| *other == name) => {
                app.insert(path.clone(), rest);
                app.insert(name, part);
            }
            Ok(_) => left.push("a file of that name is there"),
            Err(reason) => left.push(reason),
        }
        app.entry(path.clone()).or_insert_with(|| vec![Piece::old(path, bytes, 0..bytes.len())]);
    }
    (app, left)
}

/// A statement at the top of a file.
struct Top {
    range: Range<usize>,
    kind: Kind,
    /// Names that it binds.
    binds: BTreeSet<String>,
    /// Names in it, those of its types too.
    names: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Brings something in: it can stand in both files.
    Import,
    /// A constant that is made without running anything, or a function.
    Movable,
    /// `'use strict'`
    Directive,
    Other,
}

/// What stays, and the path and pieces of the part.
type Divided = (Vec<Piece>, (String, Vec<Piece>));

fn divide(files: &super::Files, path: &str, bytes: &[u8]) -> Result<Divided, &'static str> {
    let script = Script::read(path, bytes)?;
    if script.has_orders() {
        return Err("its comments speak of lines");
    }
    if !script.is_module() {
        return Err("no module: it can import nothing");
    }
    let is_es = script.module.body.iter().any(|item| item.is_module_decl());
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    if is_preload(files, stem, script.text) {
        return Err("a preload script: in the sandbox it can load no file");
    }
    if ["data.token", "storage.", "network."].iter().any(|global| script.text.contains(global)) {
        return Err("an addon's script: without a manifest, one script must use two of the globals to be told");
    }
    if !is_es && super::is_loaded_by_page(files, path) {
        return Err("a script of a page: it may have no require");
    }
    let tops: Vec<Top> = script.module.body.iter().map(|item| top(item, script.text)).collect();
    let moved = movable(&tops, &Names::of(&script));
    if moved.is_empty() {
        return Err("nothing in it stands alone");
    }
    if moved.iter().any(|index| tops[*index].binds.iter().any(|name| is_whole_export(script.text, name))) {
        return Err("a module that is a function: whoever calls it is not followed through a second file");
    }
    let needs = |top: &Top| moved.iter().any(|index| !tops[*index].names.is_disjoint(&top.binds));
    let imports: Vec<&Top> = tops.iter().filter(|top| top.kind == Kind::Import && needs(top)).collect();
    let names: Vec<&str> = moved.iter().flat_map(|index| tops[*index].binds.iter().map(String::as_str)).collect();
    let names = names.join(", ");
    let copy = |range: &Range<usize>| Piece::old(path, bytes, range.clone());

    let mut part = Vec::new();
    for import in &imports {
        part.extend([copy(&import.range), Piece::new("\n")]);
    }
    for index in &moved {
        part.push(Piece::new(if is_es { "export " } else { "" }));
        part.extend([copy(&tops[*index].range), Piece::new("\n")]);
    }
    if !is_es {
        part.push(Piece::new(format!("module.exports = {{ {names} }};\n")));
    }

    let stem = format!("part_of_{stem}");
    // TypeScript and bundlers leave the ending out; Node.js needs it in ES modules.
    let target = if script.is_typescript { stem.clone() } else { format!("{stem}.{ending}") };
    let import = if is_es {
        format!("\nimport {{ {names} }} from './{target}';\n")
    } else {
        format!("\nconst {{ {names} }} = require('./{target}');\n")
    };
    // Where what the part needs is loaded, so that modules run in the order in which they did.
    let first = tops.iter().find(|top| top.kind != Kind::Directive).map_or(0, |top| top.range.start);
    let at = imports.iter().map(|top| top.range.end).max().unwrap_or(first);
    let mut cuts: Vec<(Range<usize>, &str)> =
        moved.iter().map(|index| (tops[*index].range.clone(), "")).chain([(at..at, import.as_str())]).collect();
    cuts.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut rest, mut from) = (Vec::new(), 0);
    for (range, text) in cuts {
        rest.extend([copy(&(from..range.start)), Piece::new(text)]);
        from = range.end;
    }
    rest.push(copy(&(from..bytes.len())));
    let separator = if folder.is_empty() { "" } else { "/" };
    Ok((rest, (format!("{folder}{separator}{stem}.{ending}"), part)))
}

/// `module.exports = name`, `export default name`.
fn is_whole_export(text: &str, name: &str) -> bool {
    ["module.exports = ", "export default "].iter().any(|start| {
        let mut rests = text.split(start).skip(1);
        rests.any(|rest| {
            rest.strip_prefix(name).is_some_and(|rest| rest.trim_start().is_empty() || rest.starts_with(';'))
        })
    })
}

/// Whether a script runs before a page: it uses what preload scripts use, or a line that speaks of preload scripts names it.
fn is_preload(files: &super::Files, stem: &str, text: &str) -> bool {
    let speaks = |line: &str| line.contains("preload") && line.contains(stem);
    stem.contains("preload")
        || ["contextBridge", "ipcRenderer"].iter().any(|name| text.contains(name))
        || files.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).lines().any(speaks))
}

/// The indices of what needs imports and each other alone.
fn movable(tops: &[Top], names: &Names) -> Vec<usize> {
    let mut moved: Vec<usize> = (0..tops.len()).filter(|index| tops[*index].kind == Kind::Movable).collect();
    loop {
        let mut there: BTreeSet<&String> = moved.iter().flat_map(|index| &tops[*index].binds).collect();
        there.extend(tops.iter().filter(|top| top.kind == Kind::Import).flat_map(|top| &top.binds));
        let bound: BTreeSet<&String> = names.top.iter().chain(tops.iter().flat_map(|top| &top.binds)).collect();
        let needs_rest =
            |index: &usize| tops[*index].names.iter().any(|name| bound.contains(name) && !there.contains(name));
        let stays: Vec<usize> = moved.iter().copied().filter(needs_rest).collect();
        if stays.is_empty() {
            return moved;
        }
        moved.retain(|index| !stays.contains(index));
    }
}

/// What belongs to one module: its own exports, its place, its `this`.
const OWN: &[&str] = &["module", "exports", "__filename", "arguments"];

fn top(item: &ModuleItem, text: &str) -> Top {
    let range = start(item.span())..end(item.span());
    let mut fixed = Fixed::default();
    item.visit_with(&mut fixed);
    let names = fixed.0;
    let mut binds = BTreeSet::new();
    let source = &text[range.clone()];
    let is_own =
        || OWN.iter().any(|name| names.contains(*name)) || source.contains("import.meta") || source.contains("this");
    let kind = match item {
        ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => {
            binds = import.specifiers.iter().map(|specifier| specifier.local().sym.to_string()).collect();
            Kind::Import
        }
        ModuleItem::Stmt(Stmt::Decl(Decl::Fn(function))) if !is_own() => {
            binds.insert(function.ident.sym.to_string());
            Kind::Movable
        }
        ModuleItem::Stmt(Stmt::Decl(Decl::Var(var))) if var.kind == VarDeclKind::Const => {
            let mut bound = Bound::default();
            var.decls.iter().for_each(|decl| decl.name.visit_with(&mut bound));
            binds = bound.0;
            match &var.decls[..] {
                [VarDeclarator { init: Some(init), .. }] if is_require(init) => Kind::Import,
                [VarDeclarator { name: Pat::Ident(_), init: Some(init), .. }] if is_quiet(init) && !is_own() => {
                    Kind::Movable
                }
                _ => Kind::Other,
            }
        }
        ModuleItem::Stmt(Stmt::Expr(statement)) if matches!(&*statement.expr, Expr::Lit(Lit::Str(_))) => {
            Kind::Directive
        }
        // Whatever else it declares, types among it, stays.
        ModuleItem::Stmt(Stmt::Decl(_)) | ModuleItem::ModuleDecl(_) => {
            let mut declared = Declared::default();
            item.visit_with(&mut declared);
            binds = declared.0;
            Kind::Other
        }
        ModuleItem::Stmt(_) => Kind::Other,
    };
    Top { range, kind, binds, names }
}

/// `require('…')`
pub fn is_require(expr: &Expr) -> bool {
    let Expr::Call(CallExpr { callee: Callee::Expr(callee), args, .. }) = expr else { return false };
    let is_text = |argument: &ExprOrSpread| matches!(&*argument.expr, Expr::Lit(Lit::Str(_)));
    callee.as_ident().is_some_and(|name| name.sym == *"require") && args.first().is_some_and(is_text)
}

/// Names that a pattern binds.
#[derive(Default)]
struct Bound(BTreeSet<String>);

impl Visit for Bound {
    fn visit_binding_ident(&mut self, name: &BindingIdent) {
        self.0.insert(name.id.sym.to_string());
    }
    fn visit_assign_pat_prop(&mut self, prop: &AssignPatProp) {
        self.0.insert(prop.key.id.sym.to_string());
    }
    fn visit_expr(&mut self, _: &Expr) {}
}

/// Names of the types, classes and imports that a statement declares.
#[derive(Default)]
struct Declared(BTreeSet<String>);

impl Visit for Declared {
    fn visit_class_decl(&mut self, decl: &ClassDecl) {
        self.0.insert(decl.ident.sym.to_string());
    }
    fn visit_ts_interface_decl(&mut self, decl: &TsInterfaceDecl) {
        self.0.insert(decl.id.sym.to_string());
    }
    fn visit_ts_type_alias_decl(&mut self, decl: &TsTypeAliasDecl) {
        self.0.insert(decl.id.sym.to_string());
    }
    fn visit_ts_enum_decl(&mut self, decl: &TsEnumDecl) {
        self.0.insert(decl.id.sym.to_string());
    }
    fn visit_ts_import_equals_decl(&mut self, decl: &TsImportEqualsDecl) {
        self.0.insert(decl.id.sym.to_string());
    }
    fn visit_ts_module_decl(&mut self, decl: &TsModuleDecl) {
        if let TsModuleName::Ident(name) = &decl.id {
            self.0.insert(name.sym.to_string());
        }
    }
    fn visit_var_decl(&mut self, decl: &VarDecl) {
        let mut bound = Bound::default();
        decl.decls.iter().for_each(|one| one.name.visit_with(&mut bound));
        self.0.append(&mut bound.0);
    }
    fn visit_fn_decl(&mut self, decl: &FnDecl) {
        self.0.insert(decl.ident.sym.to_string());
    }
}
