//! What an edit of one script leaves as it was: all but places.
//!
//! Most strokes on a keyboard change a comment, a blank line or what the value language has no word for. Where the script says what it
//! said before, nothing else can be said of its app.

use memchr::{memchr, memrchr};

use super::App;
use super::analyse::Sheets;
use super::policies::names_policy;
use crate::source::{FileId, FileKind, SourceFile, Span};
use crate::summary::{
    Assignment, Binding, Call, Class, ClassMember, Exit, Function, Import, Node, Parameter, Property, Range, Summary,
    Try, Write, speaks_to_linters,
};

/// Bytes around a place that are looked at for the ends of its lines.
const LONGEST_LINE: usize = 4096;

/// An edit of one file after which every other fact of its app is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    file: FileId,
    /// What was replaced, in the old text.
    replaced: Range,
    /// By how much what follows is moved, in bytes.
    by: i64,
}

impl App<'_> {
    /// The source text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.read.borrow_mut().push(span);
        self.sources.file(span.file).text.content.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The text of the file of a span, of which the caller looks at the lines of the span, and of what is not blank before and after
    /// them at one line each.
    pub fn text_around(&self, span: Span) -> &str {
        let content = &self.sources.file(span.file).text.content;
        let (start, end) = around(content, span).unwrap_or((0, content.len()));
        self.read.borrow_mut().push(Span { start: start as u32, end: end as u32, ..span });
        content
    }

    /// The stretches of text that were looked at as they are written, beside what [`crate::summary`] says of them.
    pub fn texts_read(&self) -> Vec<Span> {
        let mut read = self.read.borrow().clone();
        read.sort_unstable();
        read.dedup();
        read
    }
}

fn around(content: &str, span: Span) -> Option<(usize, usize)> {
    let line_before = |at: usize| {
        let from = at.saturating_sub(LONGEST_LINE);
        let found = memrchr(b'\n', content.as_bytes().get(from..at)?);
        found.map(|found| from + found).or((from == 0).then_some(0))
    };
    let line_after = |at: usize| {
        let until = content.len().min(at + LONGEST_LINE);
        let found = memchr(b'\n', content.as_bytes().get(at..until)?);
        found.map(|found| at + found + 1).or((until == content.len()).then_some(until))
    };
    let above = content.get(..line_before(span.start as usize)?)?.trim_end();
    let below = content.get(line_after(span.end as usize)?..)?.trim_start();
    Some((line_before(above.len())?, line_after(content.len() - below.len())?))
}

impl Moved {
    /// What became of the places of an app, if that is all that an edit of this script changed: what the old text said, and which
    /// stretches of it were read besides ([`App::texts_read`]), decides. `None` where anything else is other than before, or may be.
    pub fn between(
        file: FileId,
        before: (&SourceFile, &Sheets),
        after: (&SourceFile, &Sheets),
        read: &[Span],
    ) -> Option<Self> {
        let (old, new) = (&before.0.text.content, &after.0.text.content);
        let is_script = matches!(before.0.kind, FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx);
        // A comment to linters reaches by lines.
        if !is_script || speaks_to_linters(old) || speaks_to_linters(new) || names_policy(old) != names_policy(new) {
            return None;
        }
        let moved = Self::new(file, old, new)?;
        let Sheets { summaries, html: None, problems } = before.1 else { return None };
        if after.1.html.is_some() || !problems.is_empty() || !after.1.problems.is_empty() {
            return None;
        }
        let (start, end) = moved.replaced;
        let is_read = |span: &Span| span.file == file && span.start <= end && start <= span.end;
        if read.iter().any(is_read) || summaries.len() != after.1.summaries.len() {
            return None;
        }
        let mut pairs = summaries.iter().zip(&after.1.summaries);
        pairs.all(|(old, new)| moved.leads(old, new).is_some_and(|same| same)).then_some(moved)
    }

    fn new(file: FileId, old: &str, new: &str) -> Option<Self> {
        let (old, new) = (old.as_bytes(), new.as_bytes());
        let before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let (rest_old, rest_new) = (old.get(before..)?, new.get(before..)?);
        let after = rest_old.iter().rev().zip(rest_new.iter().rev()).take_while(|(a, b)| a == b).count();
        let replaced = (before as u32, (old.len() - after) as u32);
        Some(Self { file, replaced, by: new.len() as i64 - old.len() as i64 })
    }

    /// Where a stretch lies now. `None` where that cannot be told: one of its ends is gone.
    pub fn span(&self, span: Span) -> Option<Span> {
        if span.file != self.file {
            return Some(span);
        }
        let (start, end) = self.range((span.start, span.end))?;
        Some(Span { start, end, ..span })
    }

    fn range(&self, (start, end): Range) -> Option<Range> {
        let (from, until) = self.replaced;
        let after = |at: u32| u32::try_from(i64::from(at) + self.by).ok();
        // An empty one at the edge of the edit may have gone to either side of it.
        if start == end && (from..=until).contains(&start) {
            return None;
        }
        let start = if start >= until { after(start)? } else { (start < from).then_some(start)? };
        let end = if end <= from { end } else { (end >= until).then(|| after(end))?? };
        Some((start, end))
    }

    /// Whether the new summary is the old one with its places moved. `None` where a place is gone.
    fn leads(&self, old: &Summary, new: &Summary) -> Option<bool> {
        // Named one by one, so that a part that is added is not forgotten here.
        let Summary {
            strings,
            values,
            owners,
            items,
            properties,
            bindings,
            functions,
            classes,
            calls,
            writes,
            conditions,
            imports,
            exports,
            comments,
            tries,
            using,
        } = old;
        let at = |range: Range| self.range(range);
        let node = |old: &Node| Some(Node { span: at(old.span)?, ..*old });
        let property = |old: &Property| Some(Property { span: at(old.span)?, ..*old });
        let assignment = |old: &Assignment| Some(Assignment { span: at(old.span)?, ..*old });
        let binding = |old: &Binding| {
            let writes = old.writes.iter().map(assignment).collect::<Option<_>>()?;
            Some(Binding { span: at(old.span)?, writes, ..*old })
        };
        let parameter = |old: &Parameter| Some(Parameter { span: at(old.span)?, ..*old });
        let exit = |old: &Exit| Some(Exit { span: at(old.span)?, ..*old });
        let function = |old: &Function| {
            let parameters = old.parameters.iter().map(parameter).collect::<Option<_>>()?;
            let exits = old.exits.iter().map(exit).collect::<Option<_>>()?;
            Some(Function { span: at(old.span)?, parameters, exits, yields: old.yields.clone(), ..*old })
        };
        let member = |old: &ClassMember| Some(ClassMember { span: at(old.span)?, ..*old });
        let class = |old: &Class| {
            let members = old.members.iter().map(member).collect::<Option<_>>()?;
            Some(Class { span: at(old.span)?, members, ..*old })
        };
        let call = |old: &Call| Some(Call { span: at(old.span)?, ..*old });
        let write = |old: &Write| Some(Write { span: at(old.span)?, ..*old });
        let import = |old: &Import| Some(Import { span: at(old.span)?, ..*old });
        let part = |old: Option<Range>| old.map_or(Some(None), |old| at(old).map(Some));
        let one_try = |old: &Try| {
            Some(Try { block: at(old.block)?, handler: part(old.handler)?, finalizer: part(old.finalizer)? })
        };
        let is_same = *strings == new.strings
            && *owners == new.owners
            && *items == new.items
            && *conditions == new.conditions
            && *exports == new.exports
            && comments.is_empty()
            && new.comments.is_empty()
            && all(values, &new.values, node)?
            && all(properties, &new.properties, property)?
            && all(bindings, &new.bindings, binding)?
            && all(functions, &new.functions, function)?
            && all(classes, &new.classes, class)?
            && all(calls, &new.calls, call)?
            && all(writes, &new.writes, write)?
            && all(imports, &new.imports, import)?
            && all(tries, &new.tries, one_try)?
            && all(using, &new.using, |old| at(*old))?;
        Some(is_same)
    }
}

/// Whether the new entries are the old ones, moved.
fn all<T: PartialEq>(old: &[T], new: &[T], moved: impl Fn(&T) -> Option<T>) -> Option<bool> {
    if old.len() != new.len() {
        return Some(false);
    }
    for (old, new) in old.iter().zip(new) {
        if moved(old)? != *new {
            return Some(false);
        }
    }
    Some(true)
}
