//! Object literals with their properties the other way round.

use std::collections::BTreeSet;
use std::ops::Range;

use swc_common::Spanned;
use swc_ecma_ast::*;
use swc_ecma_visit::{Visit, VisitWith};

use crate::pieces::Piece;
use crate::tree::{Script, end, start};

/// Turns the properties of each object round for which their order means nothing.
pub fn reversed(script: &Script) -> Result<Vec<Piece>, &'static str> {
    if script.has_orders() {
        return Err("its comments speak of lines");
    }
    let mut objects = Objects::default();
    script.module.visit_with(&mut objects);
    objects.found.sort_by_key(|slots| slots[0].start);
    let mut pieces = Vec::new();
    emit(script, 0..script.text.len(), &objects.found, &mut pieces);
    Ok(pieces)
}

/// The text of a range, in which objects are turned.
fn emit(script: &Script, range: Range<usize>, objects: &[Vec<Range<usize>>], pieces: &mut Vec<Piece>) {
    let copy = |pieces: &mut Vec<Piece>, range: Range<usize>| {
        if !range.is_empty() {
            pieces.push(Piece::old(script.path, script.text.as_bytes(), range));
        }
    };
    let mut at = range.start;
    for slots in objects {
        let whole = slots[0].start..slots[slots.len() - 1].end;
        // One inside of an object that was turned lies before `at`.
        if whole.start < at || whole.end > range.end {
            continue;
        }
        for (slot, moved) in slots.iter().zip(slots.iter().rev()) {
            copy(pieces, at..slot.start);
            let inside: Vec<Vec<Range<usize>>> = objects
                .iter()
                .filter(|other| moved.start <= other[0].start && other[other.len() - 1].end <= moved.end)
                .cloned()
                .collect();
            emit(script, moved.clone(), &inside, pieces);
            at = slot.end;
        }
    }
    copy(pieces, at..range.end);
}

/// The properties of each object that can be turned.
#[derive(Default)]
struct Objects {
    found: Vec<Vec<Range<usize>>>,
}

impl Visit for Objects {
    fn visit_object_lit(&mut self, object: &ObjectLit) {
        if object.props.len() > 1 && is_unordered(object) {
            self.found.push(object.props.iter().map(|prop| start(prop.span())..end(prop.span())).collect());
        }
        object.visit_children_with(self);
    }
}

/// Whether the order means nothing: names that differ, none of them a number (which come first whatever the order), no spread, and
/// values that are made without running anything; or one that runs something among constants.
fn is_unordered(object: &ObjectLit) -> bool {
    let mut names = BTreeSet::new();
    let (mut loud, mut variable) = (0, 0);
    let is_named = object.props.iter().all(|prop| {
        let PropOrSpread::Prop(prop) = prop else { return false };
        let name = match &**prop {
            Prop::Shorthand(name) => {
                variable += 1;
                Some(name.sym.to_string())
            }
            Prop::KeyValue(pair) if !is_quiet(&pair.value) => {
                loud += 1;
                name_of(&pair.key)
            }
            Prop::KeyValue(pair) => {
                variable += usize::from(!is_constant(&pair.value));
                name_of(&pair.key)
            }
            Prop::Method(method) => name_of(&method.key),
            Prop::Getter(_) | Prop::Setter(_) | Prop::Assign(_) => None,
        };
        name.is_some_and(|name| name != "__proto__" && names.insert(name))
    });
    is_named && (loud == 0 || loud == 1 && variable == 0)
}

/// Whether a value depends on nothing that a call could change.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) | Expr::Arrow(_) | Expr::Fn(_) => true,
        Expr::Unary(unary) => is_constant(&unary.arg),
        Expr::Array(array) => array.elems.iter().flatten().all(|one| one.spread.is_none() && is_constant(&one.expr)),
        Expr::Object(object) => object.props.iter().all(|prop| match prop {
            PropOrSpread::Prop(prop) => match &**prop {
                Prop::KeyValue(pair) => !matches!(pair.key, PropName::Computed(_)) && is_constant(&pair.value),
                _ => false,
            },
            PropOrSpread::Spread(_) => false,
        }),
        _ => false,
    }
}

fn name_of(key: &PropName) -> Option<String> {
    match key {
        PropName::Ident(name) => Some(name.sym.to_string()),
        PropName::Str(text) => {
            let name = text.value.to_string_lossy().into_owned();
            (!name.starts_with(|first: char| first.is_ascii_digit())).then_some(name)
        }
        PropName::Num(_) | PropName::BigInt(_) | PropName::Computed(_) => None,
    }
}

/// Whether an expression runs nothing: no call, no assignment. A getter that changes things would be one, but no fixture has it.
pub fn is_quiet(expr: &Expr) -> bool {
    struct Loud(bool);
    impl Visit for Loud {
        fn visit_expr(&mut self, expr: &Expr) {
            match expr {
                // What a function does, it does later.
                Expr::Arrow(_) | Expr::Fn(_) => {}
                Expr::Call(_)
                | Expr::New(_)
                | Expr::Assign(_)
                | Expr::Update(_)
                | Expr::Await(_)
                | Expr::Yield(_)
                | Expr::TaggedTpl(_)
                | Expr::OptChain(_)
                | Expr::Class(_)
                | Expr::Unary(UnaryExpr { op: UnaryOp::Delete, .. }) => self.0 = true,
                _ => expr.visit_children_with(self),
            }
        }
        fn visit_function(&mut self, _: &Function) {}
    }
    let mut loud = Loud(false);
    expr.visit_with(&mut loud);
    !loud.0
}
