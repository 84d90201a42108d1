//! The variables of a script, and other names for them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use swc_common::Span;
use swc_ecma_ast::*;
use swc_ecma_visit::{Visit, VisitWith};

use crate::pieces::Edit;
use crate::tree::{Script, end, start};

/// How a name stands where it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Alone.
    Plain,
    /// `{ a }`, `{ a = 1 }`: the key as well.
    Shorthand,
    /// `import { a }`: the name in the other module as well.
    Import,
    /// `export { a }`.
    Export,
}

/// What a script says of names.
#[derive(Default)]
pub struct Names {
    uses: BTreeMap<String, Vec<(usize, Use)>>,
    /// The stretches in which a name is bound.
    scopes: BTreeMap<String, Vec<Range<usize>>>,
    /// Bound at the top.
    pub top: BTreeSet<String>,
    /// Names that mean something outside of the script, or that types have.
    fixed: BTreeSet<String>,
    /// `with`, or an `eval` that sees the variables around it.
    dynamic: bool,
    /// Bound otherwise than by an import or `require`.
    handed: BTreeSet<String>,
    /// The scopes around: each with whether `var` stops there.
    stack: Vec<(Range<usize>, bool)>,
    var: bool,
    /// What is bound comes from another module.
    imported: bool,
}

/// Modules of Electron: a variable of such a name that is handed in is taken for it, where nothing else says what it is.
const ELECTRON: &[&str] = &[
    "app",
    "autoUpdater",
    "clipboard",
    "contextBridge",
    "desktopCapturer",
    "dialog",
    "electron",
    "globalShortcut",
    "ipcMain",
    "ipcRenderer",
    "net",
    "protocol",
    "remote",
    "session",
    "shell",
    "webContents",
    "webFrame",
];

/// Gives each variable another name whose every use is known.
pub fn renamed(script: &Script, loaded_by_page: bool) -> Result<Vec<Edit>, &'static str> {
    let names = Names::of(script);
    if names.dynamic {
        return Err("`with` or `eval` may see the names");
    }
    let keeps_top = loaded_by_page || !script.is_module();
    let mut edits = Vec::new();
    for (number, (name, uses)) in names.uses.iter().enumerate() {
        let is_bound =
            |at: usize| names.scopes.get(name).is_some_and(|all| all.iter().any(|scope| scope.contains(&at)));
        // The name is all that says what it is: `function start(ipcMain)`.
        let is_telling = ELECTRON.contains(&name.as_str()) && names.handed.contains(name);
        if is_telling
            || names.fixed.contains(name)
            || keeps_top && names.top.contains(name)
            || !uses.iter().all(|(at, _)| is_bound(*at))
            || !uses.iter().all(|(at, _)| script.text[*at..].starts_with(name.as_str()))
        {
            continue;
        }
        // A component's name begins with a capital.
        let first = if name.starts_with(char::is_uppercase) { 'V' } else { 'v' };
        let fresh = (0..).map(|more| format!("{first}{number}{}", "_".repeat(more)));
        let Some(fresh) = fresh.take(9).find(|fresh| !script.text.contains(fresh.as_str())) else { continue };
        for &(at, how) in uses {
            let text = match how {
                Use::Plain => fresh.clone(),
                Use::Shorthand => {
                    // The key stays, the variable is behind it.
                    edits.push(Edit::insert(at, format!("{name}: ")));
                    fresh.clone()
                }
                Use::Import => format!("{name} as {fresh}"),
                Use::Export => format!("{fresh} as {name}"),
            };
            edits.push(Edit { range: at..at + name.len(), text });
        }
    }
    Ok(edits)
}

impl Names {
    pub fn of(script: &Script) -> Self {
        let mut names = Self { stack: vec![(0..script.text.len() + 1, true)], ..Self::default() };
        script.module.visit_with(&mut names);
        names
    }

    fn used(&mut self, name: &Ident, how: Use) {
        self.uses.entry(name.sym.to_string()).or_default().push((start(name.span), how));
    }

    fn bind(&mut self, name: &Ident) {
        let scope =
            if self.var { self.stack.iter().rev().find(|(_, stops_var)| *stops_var) } else { self.stack.last() };
        let Some((scope, _)) = scope else { return };
        if scope.start == 0 && self.stack.first().is_some_and(|(first, _)| first == scope) {
            self.top.insert(name.sym.to_string());
        }
        self.scopes.entry(name.sym.to_string()).or_default().push(scope.clone());
        if !self.imported {
            self.handed.insert(name.sym.to_string());
        }
    }

    fn within(&mut self, span: Span, stops_var: bool, visit: impl FnOnce(&mut Self)) {
        self.stack.push((start(span)..end(span), stops_var));
        let var = std::mem::replace(&mut self.var, false);
        visit(self);
        self.var = var;
        self.stack.pop();
    }

    fn fix(&mut self, node: &impl VisitWith<Fixed>) {
        let mut fixed = Fixed::default();
        node.visit_with(&mut fixed);
        self.fixed.append(&mut fixed.0);
    }
}

/// All names of a part of the tree.
#[derive(Default)]
pub struct Fixed(pub BTreeSet<String>);

impl Visit for Fixed {
    fn visit_ident(&mut self, name: &Ident) {
        self.0.insert(name.sym.to_string());
    }
}

impl Visit for Names {
    fn visit_ident(&mut self, name: &Ident) {
        self.used(name, Use::Plain);
    }

    /// Every pattern outside of assignments declares.
    fn visit_binding_ident(&mut self, name: &BindingIdent) {
        self.bind(&name.id);
        self.used(&name.id, Use::Plain);
        name.type_ann.visit_with(self);
    }

    fn visit_assign_pat_prop(&mut self, prop: &AssignPatProp) {
        self.bind(&prop.key.id);
        self.used(&prop.key.id, Use::Shorthand);
        let var = std::mem::replace(&mut self.var, false);
        prop.value.visit_with(self);
        self.var = var;
    }

    /// `[a, { b }] = …` binds nothing.
    fn visit_assign_target(&mut self, target: &AssignTarget) {
        match target {
            AssignTarget::Simple(SimpleAssignTarget::Ident(name)) => self.used(&name.id, Use::Plain),
            AssignTarget::Simple(simple) => simple.visit_children_with(self),
            AssignTarget::Pat(pattern) => self.fix(pattern),
        }
    }

    fn visit_for_head(&mut self, head: &ForHead) {
        match head {
            ForHead::Pat(pattern) => self.fix(pattern),
            _ => head.visit_children_with(self),
        }
    }

    fn visit_prop(&mut self, prop: &Prop) {
        match prop {
            Prop::Shorthand(name) => self.used(name, Use::Shorthand),
            _ => prop.visit_children_with(self),
        }
    }

    fn visit_var_decl(&mut self, decl: &VarDecl) {
        // `declare const` says that a name is there.
        if decl.declare {
            return self.fix(decl);
        }
        for one in &decl.decls {
            let var = std::mem::replace(&mut self.var, decl.kind == VarDeclKind::Var);
            self.imported = one.init.as_deref().is_some_and(crate::split::is_require);
            one.name.visit_with(self);
            self.var = var;
            self.imported = false;
            one.init.visit_with(self);
        }
    }

    fn visit_fn_decl(&mut self, decl: &FnDecl) {
        self.bind(&decl.ident);
        self.used(&decl.ident, Use::Plain);
        decl.function.visit_with(self);
    }

    fn visit_fn_expr(&mut self, expr: &FnExpr) {
        self.within(expr.function.span, true, |names| {
            if let Some(name) = &expr.ident {
                names.bind(name);
                names.used(name, Use::Plain);
            }
            expr.function.visit_with(names);
        });
    }

    fn visit_function(&mut self, function: &Function) {
        self.within(function.span, true, |names| function.visit_children_with(names));
    }

    fn visit_arrow_expr(&mut self, arrow: &ArrowExpr) {
        self.within(arrow.span, true, |names| arrow.visit_children_with(names));
    }

    fn visit_constructor(&mut self, constructor: &Constructor) {
        self.within(constructor.span, true, |names| constructor.visit_children_with(names));
    }

    fn visit_setter_prop(&mut self, setter: &SetterProp) {
        self.within(setter.span, true, |names| setter.visit_children_with(names));
    }

    fn visit_class_decl(&mut self, decl: &ClassDecl) {
        self.bind(&decl.ident);
        self.used(&decl.ident, Use::Plain);
        decl.class.visit_with(self);
    }

    fn visit_class_expr(&mut self, expr: &ClassExpr) {
        self.within(expr.class.span, false, |names| {
            if let Some(name) = &expr.ident {
                names.bind(name);
                names.used(name, Use::Plain);
            }
            expr.class.visit_with(names);
        });
    }

    fn visit_block_stmt(&mut self, block: &BlockStmt) {
        self.within(block.span, false, |names| block.visit_children_with(names));
    }

    fn visit_catch_clause(&mut self, clause: &CatchClause) {
        self.within(clause.span, false, |names| clause.visit_children_with(names));
    }

    fn visit_for_stmt(&mut self, statement: &ForStmt) {
        self.within(statement.span, false, |names| statement.visit_children_with(names));
    }

    fn visit_for_in_stmt(&mut self, statement: &ForInStmt) {
        self.within(statement.span, false, |names| statement.visit_children_with(names));
    }

    fn visit_for_of_stmt(&mut self, statement: &ForOfStmt) {
        self.within(statement.span, false, |names| statement.visit_children_with(names));
    }

    fn visit_switch_stmt(&mut self, statement: &SwitchStmt) {
        self.within(statement.span, false, |names| statement.visit_children_with(names));
    }

    fn visit_with_stmt(&mut self, statement: &WithStmt) {
        self.dynamic = true;
        statement.visit_children_with(self);
    }

    fn visit_call_expr(&mut self, call: &CallExpr) {
        if let Callee::Expr(callee) = &call.callee {
            self.dynamic |= callee.as_ident().is_some_and(|name| name.sym == *"eval");
        }
        call.visit_children_with(self);
    }

    fn visit_import_decl(&mut self, decl: &ImportDecl) {
        for specifier in &decl.specifiers {
            let local = specifier.local();
            self.imported = true;
            self.bind(local);
            self.imported = false;
            match specifier {
                ImportSpecifier::Named(named) if named.imported.is_none() => self.used(local, Use::Import),
                _ => self.used(local, Use::Plain),
            }
        }
    }

    fn visit_named_export(&mut self, export: &NamedExport) {
        if export.src.is_some() {
            return;
        }
        for specifier in &export.specifiers {
            if let ExportSpecifier::Named(named) = specifier
                && let ModuleExportName::Ident(name) = &named.orig
            {
                self.used(name, if named.exported.is_some() { Use::Plain } else { Use::Export });
            }
        }
    }

    /// What is exported by its declaration keeps its name.
    fn visit_export_decl(&mut self, export: &ExportDecl) {
        match &export.decl {
            Decl::Var(var) => var.decls.iter().for_each(|one| self.fix(&one.name)),
            Decl::Fn(function) => drop(self.fixed.insert(function.ident.sym.to_string())),
            Decl::Class(class) => drop(self.fixed.insert(class.ident.sym.to_string())),
            _ => {}
        }
        export.visit_children_with(self);
    }

    /// `export default function f` declares `f`.
    fn visit_export_default_decl(&mut self, export: &ExportDefaultDecl) {
        match &export.decl {
            DefaultDecl::Fn(function) => {
                if let Some(name) = &function.ident {
                    self.bind(name);
                    self.used(name, Use::Plain);
                }
                function.function.visit_with(self);
            }
            DefaultDecl::Class(class) => {
                if let Some(name) = &class.ident {
                    self.bind(name);
                    self.used(name, Use::Plain);
                }
                class.class.visit_with(self);
            }
            DefaultDecl::TsInterfaceDecl(decl) => self.fix(&**decl),
        }
    }

    // Labels are no variables.
    fn visit_labeled_stmt(&mut self, statement: &LabeledStmt) {
        statement.body.visit_with(self);
    }
    fn visit_break_stmt(&mut self, _: &BreakStmt) {}
    fn visit_continue_stmt(&mut self, _: &ContinueStmt) {}

    /// `constructor(private a)` makes a property.
    fn visit_ts_param_prop(&mut self, param: &TsParamProp) {
        self.fix(param);
    }

    // What types name keeps its name.
    fn visit_ts_type_ann(&mut self, node: &TsTypeAnn) {
        self.fix(node);
    }
    fn visit_ts_type(&mut self, node: &TsType) {
        self.fix(node);
    }
    fn visit_ts_type_param_decl(&mut self, node: &TsTypeParamDecl) {
        self.fix(node);
    }
    fn visit_ts_type_param_instantiation(&mut self, node: &TsTypeParamInstantiation) {
        self.fix(node);
    }
    fn visit_ts_interface_decl(&mut self, node: &TsInterfaceDecl) {
        self.fix(node);
    }
    fn visit_ts_type_alias_decl(&mut self, node: &TsTypeAliasDecl) {
        self.fix(node);
    }
    fn visit_ts_enum_decl(&mut self, node: &TsEnumDecl) {
        self.fix(node);
    }
    fn visit_ts_module_decl(&mut self, node: &TsModuleDecl) {
        self.fix(node);
    }
    fn visit_ts_import_equals_decl(&mut self, node: &TsImportEqualsDecl) {
        self.fix(node);
    }
    fn visit_ts_expr_with_type_args(&mut self, node: &TsExprWithTypeArgs) {
        self.fix(node);
    }
}
