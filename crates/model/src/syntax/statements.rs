//! Lowers statements, and keeps what is known to hold where.

use swc_common::Spanned;
use swc_ecma_ast::*;
use swc_ecma_visit::{Visit, VisitWith};

use super::lower::{Lowering, range, unwrapped};
use super::names::text;
use super::patterns::Into;
use crate::summary::{Key, *};

/// Tests that one branch may find out and that still count behind it.
const MOST_LEARNT: u32 = 16;

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

    fn statement(&mut self, statement: &Stmt) -> Flow {
        self.deeper(Flow::On, |this| this.statement_inner(statement))
    }

    /// A statement whose conditions end with it.
    fn branch(&mut self, test: ValueId, holds: bool, statement: &Stmt) -> Flow {
        self.branch_telling(test, holds, statement).0
    }

    /// As [`Self::branch`], with one test that holds where the branch ends, if it found out anything.
    fn branch_telling(&mut self, test: ValueId, holds: bool, statement: &Stmt) -> (Flow, Option<ValueId>) {
        let before = self.condition();
        self.assume(test, holds);
        let entered = self.condition();
        let flow = self.statement(statement);
        let learnt = if flow == Flow::On { self.learnt_since(entered) } else { None };
        self.frame().condition = before;
        (flow, learnt)
    }

    /// One test that holds where all do that are known here and were not there.
    fn learnt_since(&mut self, there: Option<ConditionId>) -> Option<ValueId> {
        let mut whole = None;
        let mut at = self.condition();
        for _ in 0..MOST_LEARNT {
            let Some(id) = at.filter(|_| at != there) else { return whole };
            let Condition { test, holds, parent } = self.out.conditions[id.index()];
            let span = self.out.values[test.index()].span;
            let one = if holds { test } else { self.add(Value::Unary(Operator::Not, test), span) };
            whole = Some(match whole {
                Some(whole) => self.add(Value::Binary(Operator::And, one, whole), span),
                None => one,
            });
            at = parent;
        }
        None
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

    /// A statement after which nothing of what it found out is known.
    fn isolated(&mut self, statement: &Stmt) -> Flow {
        let before = self.condition();
        let flow = self.statement(statement);
        self.frame().condition = before;
        flow
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

    /// `if … else if … else`, in a loop: generated code has thousands of links.
    fn if_chain(&mut self, first: &IfStmt) -> Flow {
        let before = self.condition();
        let mut link = first;
        let mut flows = Vec::new();
        // What holds behind the chain: tests of an unbroken run of leaving branches from the first one on.
        let mut known = Vec::new();
        let mut unbroken = true;
        // What the branches that go on found out, of a chain of one link.
        let mut joined = None;
        loop {
            let test = self.expr(&link.test);
            let (flow, then) = self.branch_telling(test, true, &link.cons);
            flows.push(flow);
            let led_here = unbroken;
            unbroken &= flow != Flow::On;
            if unbroken {
                known.push((test, false));
            }
            match link.alt.as_deref() {
                Some(Stmt::If(next)) => {
                    self.assume(test, false);
                    link = next;
                }
                Some(other) => {
                    let (last, otherwise) = self.branch_telling(test, false, other);
                    flows.push(last);
                    if std::ptr::eq(link, first) && flow == Flow::On && last == Flow::On {
                        joined = Some((test, then, otherwise));
                    }
                    if last != Flow::On && led_here && flow == Flow::On {
                        known.push((test, true));
                    }
                    break;
                }
                None => {
                    flows.push(Flow::On);
                    if std::ptr::eq(link, first) && flow == Flow::On {
                        joined = Some((test, then, None));
                    }
                    break;
                }
            }
        }
        self.frame().condition = before;
        if flows.iter().all(|&flow| flow != Flow::On) {
            return if flows.contains(&Flow::Breaks) { Flow::Breaks } else { Flow::Leaves };
        }
        for (test, holds) in known {
            self.assume(test, holds);
        }
        // `if (a) { if (!b) return; } else { if (!c) return; }`: behind it, a ? b : c.
        if let Some((test, then, otherwise)) = joined
            && (then.is_some() || otherwise.is_some())
        {
            let span = self.out.values[test.index()].span;
            let whole = self.add(Value::Bool(true), span);
            let (then, other) = (then.unwrap_or(whole), otherwise.unwrap_or(whole));
            let test = self.add(Value::Conditional { test, then, other }, span);
            self.assume(test, true);
        }
        Flow::On
    }

    fn switch(&mut self, statement: &SwitchStmt) -> Flow {
        let subject = self.expr(&statement.discriminant);
        let before = self.condition();
        self.scopes.open();
        for case in &statement.cases {
            for statement in &case.cons {
                self.declare_statement(statement);
            }
        }
        // Tests that lead into the case at hand: its own, and those of cases that fall through to it.
        let mut leading: Vec<ValueId> = Vec::new();
        let mut default_leads = false;
        let mut earlier: Vec<ValueId> = Vec::new();
        // Tests after which control goes on behind the switch.
        let mut passing: Vec<ValueId> = Vec::new();
        let (mut default_leaves, mut has_default) = (false, false);
        let last = statement.cases.len().saturating_sub(1);
        for (index, case) in statement.cases.iter().enumerate() {
            match &case.test {
                Some(test) => {
                    let span = range(test.span());
                    let value = self.expr(test);
                    let test = self.add(Value::Binary(Operator::Equal, subject, value), span);
                    leading.push(test);
                    earlier.push(test);
                }
                None => {
                    default_leads = true;
                    has_default = true;
                }
            }
            if case.cons.is_empty() && index != last {
                continue;
            }
            if default_leads {
                if leading.is_empty() && index == last {
                    for &test in &earlier {
                        self.assume(test, false);
                    }
                }
            } else if let Some(test) = self.any(&leading) {
                self.assume(test, true);
            }
            let flow = self.statements(&case.cons);
            self.frame().condition = before;
            if flow == Flow::Leaves {
                default_leaves |= default_leads;
                leading.clear();
                default_leads = false;
            } else if flow == Flow::Breaks || index == last {
                passing.append(&mut leading);
                default_leads = false;
            }
        }
        self.scopes.close();
        if has_default && default_leaves {
            if passing.is_empty() {
                return Flow::Leaves;
            }
            if let Some(test) = self.any(&passing) {
                self.assume(test, true);
            }
        }
        Flow::On
    }

    /// One test that holds where any of these does.
    fn any(&mut self, tests: &[ValueId]) -> Option<ValueId> {
        let (&first, rest) = tests.split_first()?;
        let mut whole = first;
        for &test in rest {
            let span = (self.out.values[first.index()].span.0, self.out.values[test.index()].span.1);
            whole = self.add(Value::Binary(Operator::Or, whole, test), span);
        }
        Some(whole)
    }

    fn try_statement(&mut self, statement: &TryStmt) -> Flow {
        let before = self.condition();
        let tried = self.block(&statement.block.stmts);
        let after_try = self.condition();
        self.frame().condition = before;
        let caught = statement.handler.as_ref().map(|handler| {
            self.scopes.open();
            if let Some(parameter) = &handler.param {
                self.declare_pattern(parameter, BindingKind::Catch);
                let unknown = self.unknown(range(parameter.span()));
                self.pattern(parameter, unknown, Into::Declared);
            }
            let flow = self.block(&handler.body.stmts);
            self.scopes.close();
            flow
        });
        // What the block found out holds after it if the handler never comes out.
        self.frame().condition = match caught {
            Some(Flow::On) => before,
            _ => after_try,
        };
        let mut flow = match (tried, caught) {
            (Flow::On, _) | (_, Some(Flow::On)) => Flow::On,
            (Flow::Leaves, None | Some(Flow::Leaves)) => Flow::Leaves,
            _ => Flow::Breaks,
        };
        self.out.tries.push(Try {
            block: range(statement.block.span),
            handler: statement.handler.as_ref().map(|handler| range(handler.span)),
            finalizer: statement.finalizer.as_ref().map(|finalizer| range(finalizer.span)),
        });
        if let Some(finalizer) = &statement.finalizer {
            let kept = self.condition();
            self.frame().condition = before;
            let last = self.block(&finalizer.stmts);
            self.frame().condition = kept;
            if last != Flow::On {
                flow = last;
            }
        }
        flow
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
                    self.scopes.open();
                    self.namespace(&block.body);
                    self.scopes.close();
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
                    if let (Some(name), true) = (name, is_create_require(init))
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
