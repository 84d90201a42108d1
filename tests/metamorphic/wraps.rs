//! Expressions in parentheses, and under casts.

use swc_common::Spanned;
use swc_ecma_ast::*;
use swc_ecma_visit::{Visit, VisitWith};

use crate::pieces::Edit;
use crate::tree::{Script, end, start};

/// Puts each expression that can be in parentheses.
pub fn parentheses(script: &Script) -> Result<Vec<Edit>, &'static str> {
    Ok(wrapped(script, false))
}

/// Casts each expression that can be to `any`.
pub fn casts(script: &Script) -> Result<Vec<Edit>, &'static str> {
    if !script.is_typescript {
        return Err("not TypeScript");
    }
    Ok(wrapped(script, true))
}

fn wrapped(script: &Script, casts: bool) -> Vec<Edit> {
    let mut wraps = Wraps { edits: Vec::new(), statement: None, casts };
    script.module.visit_with(&mut wraps);
    wraps.edits
}

struct Wraps {
    edits: Vec<Edit>,
    /// Where the statement around begins that is an expression: a bracket there would call what the line before ends with, and
    /// a directive in brackets is none.
    statement: Option<usize>,
    casts: bool,
}

impl Wraps {
    fn wrap(&mut self, expr: &Expr) {
        let is_wrapped = match expr {
            // What is in parentheses already, and what cannot stand in any.
            Expr::Paren(_) => self.casts,
            Expr::PrivateName(_) | Expr::Invalid(_) | Expr::TsInstantiation(_) => false,
            _ => self.statement != Some(start(expr.span())),
        };
        if !is_wrapped {
            return expr.visit_children_with(self);
        }
        // What binds less than a cast.
        let is_loose = matches!(
            expr,
            Expr::Assign(_) | Expr::Cond(_) | Expr::Arrow(_) | Expr::Bin(_) | Expr::Yield(_) | Expr::Seq(_)
        );
        let (open, close) = match (self.casts, is_loose) {
            (false, _) => ("(", ")"),
            (true, false) => ("(", " as any)"),
            (true, true) => ("((", ") as any)"),
        };
        self.edits.push(Edit::insert(start(expr.span()), open));
        expr.visit_children_with(self);
        self.edits.push(Edit::insert(end(expr.span()), close));
    }

    /// What a chain goes on from: `(a?.b).c` fails where `a?.b.c` does not.
    fn chained(&mut self, expr: &Expr) {
        match expr {
            Expr::OptChain(_) | Expr::TsNonNull(_) => expr.visit_children_with(self),
            _ => self.wrap(expr),
        }
    }
}

impl Visit for Wraps {
    fn visit_expr(&mut self, expr: &Expr) {
        self.wrap(expr);
    }

    fn visit_expr_stmt(&mut self, statement: &ExprStmt) {
        let outer = self.statement.replace(start(statement.span));
        statement.visit_children_with(self);
        self.statement = outer;
    }

    fn visit_member_expr(&mut self, member: &MemberExpr) {
        self.chained(&member.obj);
        member.prop.visit_with(self);
    }

    fn visit_opt_call(&mut self, call: &OptCall) {
        self.chained(&call.callee);
        call.args.visit_with(self);
    }

    fn visit_callee(&mut self, callee: &Callee) {
        match callee {
            Callee::Expr(expr) => self.chained(expr),
            Callee::Super(_) | Callee::Import(_) => {}
        }
    }

    fn visit_ts_non_null_expr(&mut self, expr: &TsNonNullExpr) {
        self.chained(&expr.expr);
    }

    /// Only literals are constant.
    fn visit_ts_const_assertion(&mut self, assertion: &TsConstAssertion) {
        assertion.expr.visit_children_with(self);
    }

    // Types, and what must be a name or constant.
    fn visit_decorator(&mut self, _: &Decorator) {}
    fn visit_ts_enum_decl(&mut self, _: &TsEnumDecl) {}
    fn visit_ts_type_ann(&mut self, _: &TsTypeAnn) {}
    fn visit_ts_type(&mut self, _: &TsType) {}
    fn visit_ts_type_param_decl(&mut self, _: &TsTypeParamDecl) {}
    fn visit_ts_interface_decl(&mut self, _: &TsInterfaceDecl) {}
    fn visit_ts_expr_with_type_args(&mut self, _: &TsExprWithTypeArgs) {}
}
