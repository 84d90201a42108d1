//! Lowers statements, and keeps what is known to hold where.

use swc_common::Spanned;
use swc_ecma_ast::*;
use swc_ecma_visit::{Visit, VisitWith};

use super::lower::{Lowering, range, unwrapped};
use super::names::text;
use super::patterns::Into;
use crate::summary::{Key, *};

/// Whether a statement counts wherever it stands in its block.
fn is_hoisted(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Decl(Decl::Fn(_)))
}

/// How control leaves a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flow {
    /// It goes on after it.
    On,
    /// `return`, `throw`, `continue`: what follows in the block does not run.
    Leaves,
    /// `break`: what follows in the block does not run, what follows the loop or switch does.
    Breaks,
}

impl Lowering {
    /// Lowers a whole file.
    pub fn module(&mut self, items: Vec<ModuleItem>) {
        self.declare_items(&items);
        let mut flow = Flow::On;
        // Each item is freed once it is read: the summary grows while the tree shrinks.
        for item in items {
            self.module_item(&item, &mut flow);
        }
    }

    /// Reads the body of a namespace.
    fn namespace(&mut self, items: &[ModuleItem]) {
        self.declare_items(items);
        let mut flow = Flow::On;
        for item in items {
            self.module_item(item, &mut flow);
        }
    }

    /// What a namespace exports are the properties of an object of its name, unless that is a class or function too.
    fn namespace_object(&mut self, module: &TsModuleDecl, exports: &[Export]) {
        let TsModuleName::Ident(ident) = &module.id else { return };
        let name = self.name(text(ident));
        let is_free = |binding: BindingId| {
            self.out.bindings.get(binding.index()).is_some_and(|binding| binding.writes.is_empty())
        };
        if !self.scopes.own(name).is_some_and(is_free) {
            return;
        }
        let span = range(module.span);
        let properties: Vec<Property> = exports
            .iter()
            .filter_map(|export| match *export {
                Export::Named(name, value) => Some(Property {
                    key: Key::Name(name),
                    value,
                    slot: Slot::Value,
                    span: self.out.values[value.index()].span,
                }),
                _ => None,
            })
            .collect();
        let start = self.out.properties.len() as u32;
        self.out.properties.extend_from_slice(&properties);
        let value = self.add(Value::Object(List { start, len: properties.len() as u32 }), span);
        self.write_ident(ident, value, span);
    }

    fn declare_items(&mut self, items: &[ModuleItem]) {
        self.hoist_vars(items);
        for item in items {
            self.declare_item(item);
        }
    }

    fn module_item(&mut self, item: &ModuleItem, flow: &mut Flow) {
        let next = match item {
            ModuleItem::ModuleDecl(declaration) => {
                self.module_decl(declaration);
                Flow::On
            }
            ModuleItem::Stmt(statement) if *flow == Flow::On || is_hoisted(statement) => self.statement(statement),
            ModuleItem::Stmt(_) => return,
        };
        if *flow == Flow::On {
            *flow = next;
        }
    }

    /// Declares the `var`s of a function body, at whatever depth of blocks.
    pub(super) fn hoist_vars<N: VisitWith<Vars>>(&mut self, body: &[N]) {
        let mut vars = Vars::default();
        for node in body {
            node.visit_with(&mut vars);
        }
        for pattern in vars.patterns {
            self.declare_pattern(&pattern, BindingKind::Var);
        }
    }

    fn declare_item(&mut self, item: &ModuleItem) {
        match item {
            ModuleItem::Stmt(statement) => self.declare_statement(statement),
            ModuleItem::ModuleDecl(declaration) => match declaration {
                ModuleDecl::Import(import) => {
                    for specifier in &import.specifiers {
                        self.declare(specifier.local(), BindingKind::Const);
                    }
                }
                ModuleDecl::ExportDecl(export) => self.declare_decl(&export.decl),
                ModuleDecl::ExportDefaultDecl(export) => match &export.decl {
                    DefaultDecl::Class(class) => {
                        if let Some(ident) = &class.ident {
                            self.declare(ident, BindingKind::Const);
                        }
                    }
                    DefaultDecl::Fn(function) => {
                        if let Some(ident) = &function.ident {
                            self.declare(ident, BindingKind::Const);
                        }
                    }
                    _ => {}
                },
                ModuleDecl::TsImportEquals(import) => {
                    self.declare(&import.id, BindingKind::Const);
                }
                _ => {}
            },
        }
    }

    pub(super) fn declare_statement(&mut self, statement: &Stmt) {
        // `declare const ADDRESS: string` only tells the type of a global that a build or a script brings.
        if let Stmt::Decl(declaration) = statement
            && !is_ambient(declaration)
        {
            self.declare_decl(declaration);
        }
    }

    fn declare_decl(&mut self, declaration: &Decl) {
        match declaration {
            Decl::Class(class) => {
                self.declare(&class.ident, BindingKind::Const);
            }
            Decl::Fn(function) => {
                self.declare(&function.ident, BindingKind::Const);
            }
            Decl::Var(var) => {
                let kind = match var.kind {
                    VarDeclKind::Var => return,
                    VarDeclKind::Let => BindingKind::Let,
                    VarDeclKind::Const => BindingKind::Const,
                };
                for declarator in &var.decls {
                    self.declare_pattern(&declarator.name, kind);
                }
            }
            Decl::Using(using) => {
                for declarator in &using.decls {
                    self.declare_pattern(&declarator.name, BindingKind::Const);
                }
            }
            Decl::TsEnum(declaration) => {
                self.declare(&declaration.id, BindingKind::Const);
            }
            // A second one of the name adds to the first, to a class or to a function.
            Decl::TsModule(module) => {
                if let TsModuleName::Ident(ident) = &module.id
                    && matches!(module.body, Some(TsNamespaceBody::TsModuleBlock(_)))
                    && !module.declare
                {
                    let name = self.name(text(ident));
                    if self.scopes.own(name).is_none() {
                        self.declare(ident, BindingKind::Const);
                    }
                }
            }
            _ => {}
        }
    }

    /// Lowers the statements of a block that has its scope already; those that can never run say nothing.
    pub(super) fn statements(&mut self, statements: &[Stmt]) -> Flow {
        let mut flow = Flow::On;
        for statement in statements {
            if flow != Flow::On && !is_hoisted(statement) {
                continue;
            }
            let next = self.statement(statement);
            if flow == Flow::On {
                flow = next;
            }
        }
        flow
    }

    pub(super) fn block(&mut self, statements: &[Stmt]) -> Flow {
        self.scopes.open();
        for statement in statements {
            self.declare_statement(statement);
        }
        let flow = self.statements(statements);
        self.scopes.close();
        flow
    }

    pub(super) fn statement(&mut self, statement: &Stmt) -> Flow {
        self.deeper(Flow::On, |this| this.statement_inner(statement))
    }

    fn statement_inner(&mut self, statement: &Stmt) -> Flow {
        match statement {
            Stmt::Block(block) => self.block(&block.stmts),
            Stmt::Expr(expr) => {
                self.expr(&expr.expr);
                Flow::On
            }
            Stmt::Decl(declaration) => {
                self.decl(declaration);
                Flow::On
            }
            Stmt::Return(statement) => {
                let value = statement.arg.as_ref().map(|argument| self.expr(argument));
                self.exit(value, false, range(statement.span));
                Flow::Leaves
            }
            Stmt::Throw(statement) => {
                let value = self.expr(&statement.arg);
                self.exit(Some(value), true, range(statement.span));
                Flow::Leaves
            }
            Stmt::Continue(_) => Flow::Leaves,
            Stmt::Break(_) => Flow::Breaks,
            Stmt::If(statement) => self.if_chain(statement),
            Stmt::Switch(statement) => self.switch(statement),
            Stmt::Try(statement) => self.try_statement(statement),
            Stmt::While(statement) => {
                let test = self.expr(&statement.test);
                self.branch(test, true, &statement.body);
                Flow::On
            }
            Stmt::DoWhile(statement) => {
                let flow = self.isolated(&statement.body);
                self.expr(&statement.test);
                if flow == Flow::Leaves { Flow::Leaves } else { Flow::On }
            }
            Stmt::For(statement) => {
                self.scopes.open();
                match &statement.init {
                    Some(VarDeclOrExpr::VarDecl(var)) => {
                        self.declare_decl(&Decl::Var(var.clone()));
                        self.var(var);
                    }
                    Some(VarDeclOrExpr::Expr(expr)) => {
                        self.expr(expr);
                    }
                    None => {}
                }
                let test = statement.test.as_ref().map(|test| self.expr(test));
                match test {
                    Some(test) => self.branch(test, true, &statement.body),
                    None => self.isolated(&statement.body),
                };
                if let Some(update) = &statement.update {
                    self.expr(update);
                }
                self.scopes.close();
                Flow::On
            }
            Stmt::ForIn(statement) => {
                let object = self.expr(&statement.right);
                let key = self.add(Value::KeyOf(object), range(statement.right.span()));
                self.for_each(&statement.left, key, &statement.body);
                Flow::On
            }
            Stmt::ForOf(statement) => {
                let iterable = self.expr(&statement.right);
                if statement.is_await {
                    self.frame().awaited = true;
                }
                let element = self.add(Value::ElementOf(iterable), range(statement.right.span()));
                self.for_each(&statement.left, element, &statement.body);
                Flow::On
            }
            Stmt::Labeled(statement) => match self.statement(&statement.body) {
                Flow::Leaves => Flow::Leaves,
                _ => Flow::On,
            },
            Stmt::With(statement) => {
                self.expr(&statement.obj);
                self.isolated(&statement.body);
                Flow::On
            }
            Stmt::Empty(_) | Stmt::Debugger(_) => Flow::On,
        }
    }

    fn for_each(&mut self, head: &ForHead, value: ValueId, body: &Stmt) {
        self.scopes.open();
        match head {
            ForHead::VarDecl(var) => {
                self.declare_decl(&Decl::Var(var.clone()));
                for declarator in &var.decls {
                    self.pattern(&declarator.name, value, Into::Declared);
                }
            }
            ForHead::UsingDecl(using) => {
                for declarator in &using.decls {
                    self.declare_pattern(&declarator.name, BindingKind::Const);
                    self.pattern(&declarator.name, value, Into::Declared);
                }
            }
            ForHead::Pat(pattern) => self.pattern(pattern, value, Into::Existing),
        }
        self.isolated(body);
        self.scopes.close();
    }

    pub(super) fn exit(&mut self, value: Option<ValueId>, throws: bool, span: Range) {
        let order = self.event();
        let (function, condition) = (self.function(), self.condition());
        self.out.functions[function.index()].exits.push(Exit { value, throws, span, condition, order });
    }

    pub(super) fn decl(&mut self, declaration: &Decl) {
        match declaration {
            Decl::Class(class) => {
                let span = range(class.class.span);
                let name = self.name(text(&class.ident));
                let id = self.class(&class.class, Some(name));
                let value = self.add(Value::Class(id), span);
                self.write_ident(&class.ident, value, span);
            }
            Decl::Fn(function) => {
                let span = range(function.function.span);
                if function.function.body.is_none() {
                    return;
                }
                let name = self.name(text(&function.ident));
                let id = self.function_expr(&function.function, Some(name), None, FunctionKind::Function);
                let value = self.add(Value::Function(id), span);
                self.write_ident(&function.ident, value, span);
            }
            Decl::Var(var) => self.var(var),
            Decl::Using(using) => {
                self.declarators(&using.decls);
                self.out.using.push(range(using.span));
            }
            Decl::TsEnum(declaration) => self.enumeration(declaration),
            Decl::TsModule(module) => {
                if let Some(TsNamespaceBody::TsModuleBlock(block)) = &module.body
                    && !module.declare
                {
                    let before = self.out.exports.len();
                    self.scopes.open();
                    self.namespace(&block.body);
                    self.scopes.close();
                    let exports = self.out.exports.split_off(before);
                    self.namespace_object(module, &exports);
                }
            }
            Decl::TsInterface(_) | Decl::TsTypeAlias(_) => {}
        }
    }

    fn var(&mut self, var: &VarDecl) {
        if !var.declare {
            self.declarators(&var.decls);
        }
    }

    fn declarators(&mut self, declarators: &[VarDeclarator]) {
        for declarator in declarators {
            let name = match &declarator.name {
                Pat::Ident(ident) => Some(self.strings.name(text(&ident.id))),
                _ => None,
            };
            match &declarator.init {
                Some(init) => {
                    let value = self.named(init, name);
                    if let (Some(name), true) = (name, is_create_require(init) || self.may_be_require(init))
                        && let Some(binding) = self.scopes.lookup(name)
                    {
                        self.requires.push(binding);
                    }
                    self.pattern(&declarator.name, value, Into::Declared);
                }
                None => {
                    if let Pat::Ident(ident) = &declarator.name
                        && let Some(annotation) = &ident.type_ann
                        && let Some(binding) = name.and_then(|name| self.scopes.lookup(name))
                    {
                        let hint = self.type_hint(&annotation.type_ann);
                        self.out.bindings[binding.index()].type_hint = hint;
                    }
                }
            }
        }
    }

    fn enumeration(&mut self, declaration: &TsEnumDecl) {
        let span = range(declaration.span);
        let mut properties = Vec::new();
        let mut next = Some(0.0);
        for member in &declaration.members {
            let member_span = range(member.span);
            let key = match &member.id {
                TsEnumMemberId::Ident(ident) => self.name(&ident.sym),
                TsEnumMemberId::Str(string) => self.name(&string.value.to_string_lossy()),
            };
            let value = match &member.init {
                Some(init) => self.expr(init),
                None => {
                    let value = next.map_or(Value::Unknown, Value::Number);
                    self.add(value, member_span)
                }
            };
            next = match self.out.values[value.index()].value {
                Value::Number(number) => Some(number + 1.0),
                _ => None,
            };
            properties.push(Property { key: Key::Name(key), value, slot: Slot::Value, span: member_span });
        }
        let start = self.out.properties.len() as u32;
        self.out.properties.extend_from_slice(&properties);
        let value = self.add(Value::Object(List { start, len: properties.len() as u32 }), span);
        self.write_ident(&declaration.id, value, span);
    }
}

/// `createRequire(import.meta.url)`.
fn is_create_require(expr: &Expr) -> bool {
    let Expr::Call(call) = unwrapped(expr) else { return false };
    let Callee::Expr(callee) = &call.callee else { return false };
    match unwrapped(callee) {
        Expr::Ident(ident) => text(ident) == "createRequire",
        Expr::Member(member) => member.prop.is_ident_with("createRequire"),
        _ => false,
    }
}

/// Collects the patterns of `var` declarations, not looking into functions and classes.
#[derive(Default)]
pub(super) struct Vars {
    patterns: Vec<Pat>,
}

impl Visit for Vars {
    fn visit_var_decl(&mut self, var: &VarDecl) {
        if var.kind == VarDeclKind::Var && !var.declare {
            self.patterns.extend(var.decls.iter().map(|declarator| declarator.name.clone()));
        }
    }

    fn visit_expr(&mut self, _: &Expr) {}
    fn visit_function(&mut self, _: &swc_ecma_ast::Function) {}
    fn visit_class(&mut self, _: &swc_ecma_ast::Class) {}
    fn visit_pat(&mut self, _: &Pat) {}
    fn visit_ts_module_decl(&mut self, _: &TsModuleDecl) {}
    fn visit_ts_type(&mut self, _: &TsType) {}
}

fn is_ambient(declaration: &Decl) -> bool {
    match declaration {
        Decl::Var(var) => var.declare,
        Decl::Fn(function) => function.declare,
        Decl::Class(class) => class.declare,
        _ => false,
    }
}
