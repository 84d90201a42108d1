//! Lowers functions: their parameters, their body, their ways out.

use swc_common::Spanned;
use swc_ecma_ast::*;

use super::lower::{Frame, Lowering, range};
use super::names::text;
use super::patterns::Into;
use super::statements::Flow;
use crate::summary::{self as s, *};

impl Lowering {
    pub(super) fn enter(
        &mut self,
        kind: FunctionKind,
        name: Option<Name>,
        span: Range,
        is_async: bool,
        generator: bool,
    ) -> FunctionId {
        let id = FunctionId(self.out.functions.len() as u32);
        let (parent, condition) = (self.function(), self.condition());
        let class = match kind {
            FunctionKind::Function | FunctionKind::Arrow | FunctionKind::Module => None,
            _ => self.class,
        };
        self.out.functions.push(s::Function {
            name,
            kind,
            span,
            parent,
            class,
            holder: None,
            condition,
            parameters: Vec::new(),
            exits: Vec::new(),
            yields: Vec::new(),
            is_async,
            is_generator: generator,
            events: (self.order, self.order),
        });
        let this = if kind == FunctionKind::Arrow { self.frame().this } else { id };
        self.frames.push(Frame { function: id, this, condition: None, awaited: false });
        self.scopes.open_function();
        id
    }

    pub(super) fn leave(&mut self, id: FunctionId) {
        self.scopes.close();
        self.frames.pop();
        self.out.functions[id.index()].events.1 = self.order;
    }

    pub(super) fn parameters(&mut self, id: FunctionId, patterns: &[&Pat]) {
        for pattern in patterns {
            self.declare_pattern(pattern, BindingKind::Parameter);
        }
        let mut index = 0;
        for pattern in patterns {
            // `(...[event, contents])` names as many parameters.
            match pattern {
                Pat::Rest(rest) if let Pat::Array(list) = &*rest.arg => {
                    for element in &list.elems {
                        match element {
                            Some(element) => {
                                self.parameter(id, index, element);
                            }
                            None => self.unnamed_parameter(id, range(list.span)),
                        }
                        index += 1;
                    }
                }
                pattern => {
                    self.parameter(id, index, pattern);
                    index += 1;
                }
            }
        }
    }

    fn unnamed_parameter(&mut self, id: FunctionId, span: Range) {
        let unnamed = s::Parameter { binding: None, default: None, type_hint: None, rest: false, span };
        self.out.functions[id.index()].parameters.push(unnamed);
    }

    pub(super) fn parameter(&mut self, id: FunctionId, index: u32, pattern: &Pat) -> ValueId {
        let span = range(pattern.span());
        let (inner, rest) = match pattern {
            Pat::Rest(rest) => (&*rest.arg, true),
            other => (other, false),
        };
        let value = if rest { Value::RestParameter(id, index) } else { Value::Parameter(id, index) };
        let mut value = self.add(value, span);
        let mut default = None;
        let target = match inner {
            Pat::Assign(assign) => {
                let right = self.expr(&assign.right);
                default = Some(right);
                value = self.add(Value::Binary(Operator::Default, value, right), span);
                &*assign.left
            }
            other => other,
        };
        let annotation = match target {
            Pat::Ident(ident) => ident.type_ann.as_ref(),
            Pat::Object(object) => object.type_ann.as_ref(),
            Pat::Array(array) => array.type_ann.as_ref(),
            _ => None,
        };
        let type_hint = annotation.and_then(|annotation| self.type_hint(&annotation.type_ann));
        self.pattern(target, value, Into::Declared);
        let binding = match target {
            Pat::Ident(ident) => {
                let name = self.name(text(&ident.id));
                self.scopes.lookup(name)
            }
            _ => None,
        };
        self.out.functions[id.index()].parameters.push(s::Parameter { binding, default, type_hint, rest, span });
        value
    }

    pub(super) fn body(&mut self, body: &FunctionBody) {
        self.hoist_vars(&body.stmts);
        for statement in &body.stmts {
            self.declare_statement(statement);
        }
        if self.statements(&body.stmts) == Flow::On {
            self.exit(None, false, (body.span.hi.0.saturating_sub(2), body.span.hi.0.saturating_sub(1)));
        }
    }

    /// A function; `own` is the name by which it can call itself.
    pub(super) fn function_expr(
        &mut self,
        function: &swc_ecma_ast::Function,
        name: Option<Name>,
        own: Option<Name>,
        kind: FunctionKind,
    ) -> FunctionId {
        let id = self.enter(kind, name, range(function.span), function.is_async, function.is_generator);
        if let Some(own) = own {
            let binding = BindingId(self.out.bindings.len() as u32);
            let span = range(function.span);
            self.out.bindings.push(Binding {
                name: own,
                kind: BindingKind::Const,
                span,
                function: id,
                writes: Vec::new(),
                type_hint: None,
            });
            let value = self.add(Value::Function(id), span);
            self.write_binding(binding, value, span);
            self.scopes.declare(own, binding);
        }
        let patterns: Vec<&Pat> = function.params.iter().map(|parameter| &parameter.pat).collect();
        self.parameters(id, &patterns);
        if let Some(body) = &function.body {
            self.body(body);
        }
        self.leave(id);
        id
    }

    pub(super) fn arrow(&mut self, arrow: &ArrowExpr, name: Option<Name>) -> FunctionId {
        let id = self.enter(FunctionKind::Arrow, name, range(arrow.span), arrow.is_async, arrow.is_generator);
        let patterns: Vec<&Pat> = arrow.params.iter().collect();
        self.parameters(id, &patterns);
        match &*arrow.body {
            ArrowFunctionBody::FunctionBody(body) => self.body(body),
            ArrowFunctionBody::Expr(expr) => {
                let value = self.expr(expr);
                self.exit(Some(value), false, range(expr.span()));
            }
        }
        self.leave(id);
        id
    }
}
