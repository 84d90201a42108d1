//! Lowers statements that branch, and keeps what is known to hold behind them.

use swc_common::Spanned;
use swc_ecma_ast::*;

use super::lower::{Lowering, range};
use super::patterns::Into;
use super::statements::Flow;
use crate::summary::*;

/// Tests that one branch may find out and that still count behind it.
const MOST_LEARNT: u32 = 16;

impl Lowering {
    /// A statement whose conditions end with it.
    pub(super) fn branch(&mut self, test: ValueId, holds: bool, statement: &Stmt) -> Flow {
        self.branch_telling(test, holds, statement).0
    }

    /// As [`Self::branch`], with one test that holds where the branch ends, if it found out anything.
    pub(super) fn branch_telling(&mut self, test: ValueId, holds: bool, statement: &Stmt) -> (Flow, Option<ValueId>) {
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

    /// A statement after which nothing of what it found out is known.
    pub(super) fn isolated(&mut self, statement: &Stmt) -> Flow {
        let before = self.condition();
        let flow = self.statement(statement);
        self.frame().condition = before;
        flow
    }

    /// `if … else if … else`, in a loop: generated code has thousands of links.
    pub(super) fn if_chain(&mut self, first: &IfStmt) -> Flow {
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

    pub(super) fn switch(&mut self, statement: &SwitchStmt) -> Flow {
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

    pub(super) fn try_statement(&mut self, statement: &TryStmt) -> Flow {
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
}
