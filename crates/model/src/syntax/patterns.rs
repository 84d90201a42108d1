//! Lowers patterns: each name in one becomes a member of the value that is taken apart.

use swc_common::Spanned;
use swc_ecma_ast::*;

use super::lower::{Lowering, range};
use super::names::text;
use crate::summary::{Key, *};

/// What the names in a pattern are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    /// Variables that this pattern declares.
    Declared,
    /// Variables or properties that exist: `({ a: this.x } = value)`.
    Existing,
}

impl Lowering {
    /// Takes `value` apart.
    pub(super) fn pattern(&mut self, pattern: &Pat, value: ValueId, into: Into) {
        self.deeper((), |this| match pattern {
            Pat::Ident(ident) => {
                let name = this.name(text(&ident.id));
                let span = range(ident.id.span);
                if let Some(annotation) = &ident.type_ann
                    && let Some(binding) = this.scopes.lookup(name)
                {
                    let hint = this.type_hint(&annotation.type_ann);
                    this.out.bindings[binding.index()].type_hint = hint;
                }
                this.write_ident(&ident.id, value, span);
            }
            Pat::Object(object) => this.object_pattern(object, value, into),
            Pat::Array(array) => this.array_pattern(array, value, into),
            Pat::Assign(assign) => {
                let value = this.with_default(value, &assign.right, range(assign.span));
                this.pattern(&assign.left, value, into);
            }
            Pat::Rest(rest) => {
                let value = this.add(Value::RestOf(value), range(rest.span));
                this.pattern(&rest.arg, value, into);
            }
            Pat::Expr(expr) => this.target(expr, value),
            Pat::Invalid(_) => {}
        });
    }

    /// A property or variable that a pattern writes into.
    fn target(&mut self, expr: &Expr, value: ValueId) {
        let span = range(expr.span());
        match super::lower::unwrapped(expr) {
            Expr::Ident(ident) => self.write_ident(ident, value, span),
            Expr::Member(member) => {
                let object = self.expr(&member.obj);
                let key = self.member_key(&member.prop);
                self.write(object, key, Some(value), span);
            }
            other => {
                self.expr(other);
            }
        }
    }

    fn with_default(&mut self, value: ValueId, default: &Expr, span: Range) -> ValueId {
        let default = self.expr(default);
        self.add(Value::Binary(Operator::Default, value, default), span)
    }

    pub(super) fn object_pattern(&mut self, pattern: &ObjectPat, value: ValueId, into: Into) {
        for property in &pattern.props {
            match property {
                ObjectPatProp::KeyValue(pair) => {
                    let key = self.prop_key(&pair.key);
                    let span = range(pair.key.span());
                    let member = match key {
                        Key::Name(key) => self.add(Value::Member(value, key), span),
                        Key::Computed(key) => self.add(Value::Index(value, key), span),
                        Key::Spread => self.unknown(span),
                    };
                    self.pattern(&pair.value, member, into);
                }
                ObjectPatProp::Assign(short) => {
                    let span = range(short.key.id.span);
                    let key = self.name(text(&short.key.id));
                    let mut member = self.add(Value::Member(value, key), span);
                    if let Some(default) = &short.value {
                        member = self.with_default(member, default, range(short.span));
                    }
                    self.write_ident(&short.key.id, member, span);
                }
                ObjectPatProp::Rest(rest) => {
                    let value = self.add(Value::RestOf(value), range(rest.span));
                    self.pattern(&rest.arg, value, into);
                }
            }
        }
    }

    pub(super) fn array_pattern(&mut self, pattern: &ArrayPat, value: ValueId, into: Into) {
        for (index, element) in pattern.elems.iter().enumerate() {
            let Some(element) = element else { continue };
            let span = range(element.span());
            let value = match element {
                Pat::Rest(_) => value,
                _ => self.member(value, &index.to_string(), span),
            };
            self.pattern(element, value, into);
        }
    }

    /// Declares every name of a pattern in the innermost scope.
    pub(super) fn declare_pattern(&mut self, pattern: &Pat, kind: BindingKind) {
        self.deeper((), |this| match pattern {
            Pat::Ident(ident) => {
                this.declare(&ident.id, kind);
            }
            Pat::Object(object) => {
                for property in &object.props {
                    match property {
                        ObjectPatProp::KeyValue(pair) => this.declare_pattern(&pair.value, kind),
                        ObjectPatProp::Assign(short) => {
                            this.declare(&short.key.id, kind);
                        }
                        ObjectPatProp::Rest(rest) => this.declare_pattern(&rest.arg, kind),
                    }
                }
            }
            Pat::Array(array) => {
                for element in array.elems.iter().flatten() {
                    this.declare_pattern(element, kind);
                }
            }
            Pat::Assign(assign) => this.declare_pattern(&assign.left, kind),
            Pat::Rest(rest) => this.declare_pattern(&rest.arg, kind),
            Pat::Expr(_) | Pat::Invalid(_) => {}
        });
    }

    /// Declares one name; a second `var` or function of the same name is the same variable.
    pub(super) fn declare(&mut self, ident: &Ident, kind: BindingKind) -> BindingId {
        let name = self.name(text(ident));
        if let Some(existing) = self.scopes.own(name)
            && (kind == BindingKind::Var || self.out.bindings[existing.index()].kind == BindingKind::Var)
        {
            return existing;
        }
        let id = BindingId(self.out.bindings.len() as u32);
        let function = self.function();
        self.out.bindings.push(Binding {
            name,
            kind,
            span: range(ident.span),
            function,
            writes: Vec::new(),
            type_hint: None,
        });
        self.scopes.declare(name, id);
        id
    }

    /// The type that a declaration names, where it names one: `BrowserWindow | null` is `BrowserWindow`.
    pub(super) fn type_hint(&mut self, annotation: &TsType) -> Option<ValueId> {
        match annotation {
            TsType::TsTypeRef(reference) => {
                let span = range(reference.span);
                self.entity(&reference.type_name, span)
            }
            TsType::TsUnionOrIntersectionType(union) => {
                let types = match union {
                    TsUnionOrIntersectionType::TsUnionType(union) => &union.types,
                    TsUnionOrIntersectionType::TsIntersectionType(intersection) => &intersection.types,
                };
                types.iter().find_map(|each| self.type_hint(each))
            }
            TsType::TsParenthesizedType(inner) => self.type_hint(&inner.type_ann),
            TsType::TsOptionalType(inner) => self.type_hint(&inner.type_ann),
            _ => None,
        }
    }

    fn entity(&mut self, name: &TsEntityName, span: Range) -> Option<ValueId> {
        match name {
            TsEntityName::Ident(ident) => Some(self.ident(ident)),
            TsEntityName::TsQualifiedName(qualified) => {
                let object = self.deeper(None, |this| this.entity(&qualified.left, span))?;
                Some(self.member(object, &qualified.right.sym, span))
            }
        }
    }
}
