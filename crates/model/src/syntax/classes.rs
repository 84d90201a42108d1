//! Lowers classes.

use swc_common::Spanned;
use swc_ecma_ast::*;

use super::lower::{Lowering, key_name, range};
use super::names::text;
use crate::summary::{self as s, Key, *};

impl Lowering {
    /// A class.
    pub(super) fn class(&mut self, class: &swc_ecma_ast::Class, name: Option<Name>) -> ClassId {
        let superclass = class.super_class.as_ref().map(|superclass| self.expr(superclass));
        for decorator in &class.decorators {
            self.expr(&decorator.expr);
        }
        let span = range(class.span);
        let id = ClassId(self.out.classes.len() as u32);
        self.out.classes.push(s::Class { name, superclass, members: Vec::new(), constructor: None, span });
        let outer = self.class.replace(id);
        for member in &class.body {
            self.deeper((), |this| this.class_member(id, member));
        }
        self.class = outer;
        id
    }

    pub(super) fn class_member(&mut self, class: ClassId, member: &swc_ecma_ast::ClassMember) {
        let span = range(member.span());
        match member {
            swc_ecma_ast::ClassMember::Constructor(constructor) => self.constructor(class, constructor),
            swc_ecma_ast::ClassMember::Method(method) => {
                let key = self.prop_key(&method.key);
                self.method(class, key, &method.function, method.kind, method.is_static, span);
            }
            swc_ecma_ast::ClassMember::PrivateMethod(method) => {
                let key = Key::Name(self.name(&format!("#{}", method.key.name)));
                self.method(class, key, &method.function, method.kind, method.is_static, span);
            }
            swc_ecma_ast::ClassMember::ClassProp(property) => {
                let key = self.prop_key(&property.key);
                for decorator in &property.decorators {
                    self.expr(&decorator.expr);
                }
                self.field(
                    class,
                    key,
                    property.value.as_deref(),
                    property.type_ann.as_deref(),
                    property.is_static,
                    span,
                );
            }
            swc_ecma_ast::ClassMember::PrivateProp(property) => {
                let key = Key::Name(self.name(&format!("#{}", property.key.name)));
                self.field(
                    class,
                    key,
                    property.value.as_deref(),
                    property.type_ann.as_deref(),
                    property.is_static,
                    span,
                );
            }
            swc_ecma_ast::ClassMember::AutoAccessor(accessor) => {
                let key = match &accessor.key {
                    swc_ecma_ast::Key::Public(key) => self.prop_key(key),
                    swc_ecma_ast::Key::Private(private) => Key::Name(self.name(&format!("#{}", private.name))),
                };
                self.field(
                    class,
                    key,
                    accessor.value.as_deref(),
                    accessor.type_ann.as_deref(),
                    accessor.is_static,
                    span,
                );
            }
            swc_ecma_ast::ClassMember::StaticBlock(block) => {
                let id = self.enter(FunctionKind::ClassBody, None, span, false, false);
                self.block(&block.body.stmts);
                self.leave(id);
            }
            swc_ecma_ast::ClassMember::TsIndexSignature(_) | swc_ecma_ast::ClassMember::Empty(_) => {}
        }
    }

    pub(super) fn add_member(&mut self, class: ClassId, member: s::ClassMember) {
        self.out.classes[class.index()].members.push(member);
    }

    pub(super) fn method(
        &mut self,
        class: ClassId,
        key: Key,
        function: &swc_ecma_ast::Function,
        kind: MethodKind,
        is_static: bool,
        span: Range,
    ) {
        if function.body.is_none() {
            return;
        }
        let (function_kind, slot) = match kind {
            MethodKind::Method => (FunctionKind::Method, Slot::Value),
            MethodKind::Getter => (FunctionKind::Getter, Slot::Getter),
            MethodKind::Setter => (FunctionKind::Setter, Slot::Setter),
        };
        let decorators: Vec<ValueId> = function.decorators.iter().map(|decorator| self.expr(&decorator.expr)).collect();
        let id = self.function_expr(function, key_name(key), None, function_kind);
        let method = self.add(Value::Function(id), span);
        for decorator in decorators {
            self.decorated(decorator, key, method, span);
        }
        let value = Some(method);
        self.add_member(class, s::ClassMember { key, value, slot, is_static, is_field: false, type_hint: None, span });
    }

    /// A decorator of a method is called with the method: as its first argument, or as `value` of its third one in TypeScript's older way.
    fn decorated(&mut self, decorator: ValueId, key: Key, method: ValueId, span: Range) {
        let at = self.out.values[decorator.index()].span;
        let name = match key {
            Key::Name(name) => self.add(Value::String(name), at),
            _ => self.unknown(at),
        };
        let value = Key::Name(self.name("value"));
        let start = self.out.properties.len() as u32;
        self.out.properties.push(Property { key: value, value: method, slot: Slot::Value, span });
        let descriptor = self.add(Value::Object(List { start, len: 1 }), at);
        let items = [method, name, descriptor].map(|value| Item { value, spread: false });
        self.record_call(decorator, &items, CallKind::Call, at);
    }

    pub(super) fn field(
        &mut self,
        class: ClassId,
        key: Key,
        value: Option<&Expr>,
        annotation: Option<&TsTypeAnn>,
        is_static: bool,
        span: Range,
    ) {
        let type_hint = annotation.and_then(|annotation| self.type_hint(&annotation.type_ann));
        let value = value.map(|value| {
            let id = self.enter(FunctionKind::ClassBody, None, span, false, false);
            let value = self.named(value, key_name(key));
            self.leave(id);
            value
        });
        self.add_member(
            class,
            s::ClassMember { key, value, slot: Slot::Value, is_static, is_field: true, type_hint, span },
        );
    }

    pub(super) fn constructor(&mut self, class: ClassId, constructor: &Constructor) {
        let Some(body) = &constructor.body else { return };
        let span = range(constructor.span);
        let name = self.out.classes[class.index()].name;
        let id = self.enter(FunctionKind::Constructor, name, span, false, false);
        let patterns: Vec<Pat> = constructor
            .params
            .iter()
            .map(|parameter| match parameter {
                ParamOrTsParamProp::Param(parameter) => parameter.pat.clone(),
                ParamOrTsParamProp::TsParamProp(property) => match &property.param {
                    TsParamPropParam::Ident(ident) => Pat::Ident(ident.clone()),
                    TsParamPropParam::Assign(assign) => Pat::Assign(assign.clone()),
                },
            })
            .collect();
        let borrowed: Vec<&Pat> = patterns.iter().collect();
        self.parameters(id, &borrowed);
        for parameter in &constructor.params {
            let ParamOrTsParamProp::TsParamProp(property) = parameter else { continue };
            let (ident, annotation) = match &property.param {
                TsParamPropParam::Ident(ident) => (&ident.id, ident.type_ann.as_deref()),
                TsParamPropParam::Assign(assign) => match unwrap_ident(&assign.left) {
                    Some(ident) => (&ident.id, ident.type_ann.as_deref()),
                    None => continue,
                },
            };
            // `constructor(private window: BrowserWindow)` writes this.window.
            let at = range(property.span);
            let value = self.ident(ident);
            let this = self.add(Value::This(id), at);
            let key = Key::Name(self.name(text(ident)));
            let type_hint = annotation.and_then(|annotation| self.type_hint(&annotation.type_ann));
            self.write(this, key, Some(value), at);
            self.add_member(
                class,
                s::ClassMember {
                    key,
                    value: None,
                    slot: Slot::Value,
                    is_static: false,
                    is_field: true,
                    type_hint,
                    span: at,
                },
            );
        }
        self.body(body);
        self.leave(id);
        self.out.classes[class.index()].constructor = Some(id);
    }
}

fn unwrap_ident(pattern: &Pat) -> Option<&BindingIdent> {
    match pattern {
        Pat::Ident(ident) => Some(ident),
        _ => None,
    }
}
