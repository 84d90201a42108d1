//! Lowers writes to variables and properties.

use swc_ecma_ast::*;

use super::lower::{Lowering, range, unwrapped};
use super::names::text;
use crate::summary::{Key, *};

impl Lowering {
    pub(super) fn write(&mut self, object: ValueId, key: Key, value: Option<ValueId>, span: Range) {
        let order = self.event();
        let (function, condition) = (self.function(), self.condition());
        if let Some(value) = value {
            self.commonjs_export(object, key, value);
            if let Value::Function(method) = self.out.values[value.index()].value {
                let method = &mut self.out.functions[method.index()];
                if method.holder.is_none() {
                    method.holder = Some(object);
                }
            }
        }
        self.out.writes.push(Write { object, key, value, span, function, condition, order });
    }

    /// `module.exports = …`, `module.exports.name = …`, `exports.name = …`.
    pub(super) fn commonjs_export(&mut self, object: ValueId, key: Key, value: ValueId) {
        let Key::Name(key) = key else { return };
        let global = |this: &Self, id: ValueId, name: &str| matches!(this.out.values[id.index()].value, Value::Global(global) if this.strings.str(global) == name);
        if global(self, object, "module") && self.strings.str(key) == "exports" {
            self.out.exports.push(Export::Whole(value));
            return;
        }
        let is_exports = global(self, object, "exports")
            || matches!(self.out.values[object.index()].value, Value::Member(module, exports)
                if self.strings.str(exports) == "exports" && global(self, module, "module"));
        if is_exports {
            self.out.exports.push(Export::Named(key, value));
        }
    }

    pub(super) fn assign(&mut self, assign: &AssignExpr, span: Range) -> ValueId {
        let name = match &assign.left {
            AssignTarget::Simple(SimpleAssignTarget::Ident(ident)) => Some(self.strings.name(&ident.id.sym)),
            AssignTarget::Simple(SimpleAssignTarget::Member(member)) => match &member.prop {
                MemberProp::Ident(property) => Some(self.strings.name(&property.sym)),
                _ => None,
            },
            _ => None,
        };
        match &assign.left {
            AssignTarget::Simple(target) => self.assign_simple(target, assign, name, span),
            AssignTarget::Pat(pattern) => {
                let value = self.expr(&assign.right);
                match pattern {
                    AssignTargetPat::Object(pattern) => {
                        self.object_pattern(pattern, value, super::patterns::Into::Existing)
                    }
                    AssignTargetPat::Array(pattern) => {
                        self.array_pattern(pattern, value, super::patterns::Into::Existing)
                    }
                    AssignTargetPat::Invalid(_) => {}
                }
                value
            }
        }
    }

    pub(super) fn assign_simple(
        &mut self,
        target: &SimpleAssignTarget,
        assign: &AssignExpr,
        name: Option<Name>,
        span: Range,
    ) -> ValueId {
        let target = match target {
            SimpleAssignTarget::Ident(ident) => {
                let value = match assign.op {
                    AssignOp::Assign => self.named(&assign.right, name),
                    _ => {
                        let old = self.ident(&ident.id);
                        self.changed(old, assign, name, span)
                    }
                };
                self.write_ident(&ident.id, value, span);
                return value;
            }
            SimpleAssignTarget::Member(member) => return self.assign_member(member, assign, name, span),
            SimpleAssignTarget::SuperProp(_) => None,
            SimpleAssignTarget::Paren(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsAs(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsSatisfies(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsNonNull(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsTypeAssertion(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsInstantiation(inner) => Some(&*inner.expr),
            _ => None,
        };
        match target.map(unwrapped) {
            Some(Expr::Member(member)) => self.assign_member(member, assign, name, span),
            Some(Expr::Ident(ident)) => {
                let value = self.named(&assign.right, name);
                self.write_ident(ident, value, span);
                value
            }
            _ => self.expr(&assign.right),
        }
    }

    pub(super) fn assign_member(
        &mut self,
        member: &MemberExpr,
        assign: &AssignExpr,
        name: Option<Name>,
        span: Range,
    ) -> ValueId {
        let object = self.expr(&member.obj);
        let key = self.member_key(&member.prop);
        let value = match (assign.op, key) {
            (AssignOp::Assign, _) => self.named(&assign.right, name),
            (_, Key::Name(key)) => {
                let old = self.add(Value::Member(object, key), range(member.span));
                self.changed(old, assign, name, span)
            }
            _ => {
                self.expr(&assign.right);
                self.unknown(span)
            }
        };
        self.write(object, key, Some(value), span);
        value
    }

    /// The value after `op=`.
    pub(super) fn changed(&mut self, old: ValueId, assign: &AssignExpr, name: Option<Name>, span: Range) -> ValueId {
        let operator = match assign.op {
            AssignOp::AndAssign => Operator::And,
            AssignOp::OrAssign => Operator::Or,
            AssignOp::NullishAssign => Operator::Nullish,
            AssignOp::AddAssign => {
                let value = self.expr(&assign.right);
                return match self.out.values[value.index()].value {
                    Value::String(_) | Value::Template(_) => {
                        let list = self.list(&[Item { value: old, spread: false }, Item { value, spread: false }]);
                        self.add(Value::Template(list), span)
                    }
                    _ => self.add(Value::Binary(Operator::Add, old, value), span),
                };
            }
            _ => {
                let value = self.expr(&assign.right);
                return self.add(Value::Binary(Operator::Other, old, value), span);
            }
        };
        let value = if operator == Operator::Nullish {
            self.named(&assign.right, name)
        } else {
            self.assuming(old, operator == Operator::And, |this| this.named(&assign.right, name))
        };
        self.add(Value::Binary(operator, old, value), span)
    }

    /// Records a write to a variable, or to a global that nothing declares.
    pub(super) fn write_ident(&mut self, ident: &Ident, value: ValueId, span: Range) {
        let name = self.name(text(ident));
        match self.lookup(name) {
            Some(binding) => self.write_binding(binding, value, span),
            None => {
                let object = self.component_around(name, range(ident.span)).unwrap_or_else(|| {
                    let global = self.name("globalThis");
                    self.add(Value::Global(global), range(ident.span))
                });
                self.write(object, Key::Name(name), Some(value), span);
            }
        }
    }

    pub(super) fn write_binding(&mut self, binding: BindingId, value: ValueId, span: Range) {
        let order = self.event();
        let (function, condition) = (self.function(), self.condition());
        let writes = &mut self.out.bindings[binding.index()].writes;
        if writes.is_empty() {
            // Most variables are written once.
            writes.reserve_exact(1);
        }
        writes.push(Assignment { value, span, function, condition, order });
    }
}
