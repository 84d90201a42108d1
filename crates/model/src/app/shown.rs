//! Which pages the app shows: those that windows load, those to which these lead on, and what lies beside the app.

use memchr::memmem;
use rustc_hash::{FxHashMap, FxHashSet};

use super::page_loads::{address, as_built, ends_in, is_elsewhere, likelier, site_of};
use super::{App, Content, Load, Page};
use crate::html::{is_pug, taken_in};
use crate::link::things::Thing;
use crate::link::{V, join, split};
use crate::source::{FileId, FileKind, SourceFile};

/// How a page comes before somebody's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// Nothing leads to it: a website, a report.
    Beside,
    /// Nothing is known to lead to it, where it is not known what all windows load.
    Perhaps,
    /// A page or a script of the app names it, or it is the only one.
    Named,
    /// A window loads it; where none loads a page that was read, a server of the app answers with it.
    Loaded,
}

/// Longest name of a page that is looked for in a text, in bytes.
const LONGEST_NAME: usize = 300;

/// Methods by which a server answers with a page: <https://expressjs.com/en/4x/api.html#res.render>,
/// <https://github.com/fastify/point-of-view>.
const RENDERS: [&str; 2] = ["render", "view"];

/// Calls of one such method that are looked at.
const MOST_RENDERS: usize = 1000;

/// Pages of one name that are looked at.
const MOST_OF_NAME: usize = 200;

/// Folders of parts of which a site is made: <https://jekyllrb.com/docs/structure/>.
const OF_SITES: [&str; 4] = ["_includes", "_layouts", "_posts", "_site"];

/// How each page is shown.
pub(super) type Pages = FxHashMap<FileId, Shown>;

/// What pages take in of each other.
#[derive(Default)]
pub(super) struct Parts {
    /// Pages that templates of others take in.
    all: FxHashSet<FileId>,
    /// Pages, and what they take in.
    of: FxHashMap<FileId, Vec<FileId>>,
}

impl App<'_> {
    /// Whether, and how surely, the app shows this page.
    pub fn shown(&self, page: &Page) -> Shown {
        self.page_facts().get(&page.file).copied().unwrap_or(Shown::Perhaps)
    }

    /// Whether a file is a page to which nothing in the app leads.
    pub fn is_page_beside(&self, file: FileId) -> bool {
        self.page_facts().get(&file) == Some(&Shown::Beside)
    }

    /// Whether a file belongs to the project's site: a page to which nothing in the app leads, or a script that the app never gets to.
    pub fn is_of_site(&self, file: FileId) -> bool {
        let source = self.sources.file(file);
        let is_left_out = || match self.program.unit_of(file).filter(|_| source.kind != FileKind::Html) {
            Some(unit) => self.start_script().is_some() && !self.entries().reached.contains(&unit),
            None => self.is_page_beside(file),
        };
        site_of(&source.path).is_some() && is_left_out()
    }

    /// Whether this is a page of its own, not what becomes part of one: it says so by an element that only a document has, itself or by
    /// what it begins with, and no other takes it in.
    pub fn is_document(&self, page: &Page) -> bool {
        !self.page_parts().all.contains(&page.file)
            && (names_document(self.sources.file(page.file))
                || self.parts_of(page).any(|part| names_document(self.sources.file(part.file))))
    }

    /// What a template takes in: `<%- include('parts/head') %>`.
    pub fn parts_of(&self, page: &Page) -> impl Iterator<Item = &Page> {
        let files = self.page_parts().of.get(&page.file).map_or(&[][..], Vec::as_slice);
        files.iter().filter_map(|file| {
            // Pages stand in the order of their files.
            let at = self.pages.binary_search_by_key(file, |page| page.file).ok()?;
            self.pages.get(at)
        })
    }

    fn page_facts(&self) -> &Pages {
        self.page_facts.get_or_init(|| self.find_page_facts())
    }

    fn page_parts(&self) -> &Parts {
        self.page_parts.get_or_init(|| self.find_page_parts())
    }

    fn find_page_parts(&self) -> Parts {
        let mut found = Parts::default();
        let files = Files::new(self);
        for page in &self.pages {
            let file = self.sources.file(page.file);
            let names =
                if is_pug(&file.path) { taken_in(&file.text.content).collect() } else { included(&file.text.content) };
            let mut parts: Vec<FileId> =
                names.into_iter().flat_map(|name| part_meant(&files, &file.path, name)).collect();
            parts.retain(|part| *part != page.file);
            if !parts.is_empty() {
                found.all.extend(parts.iter().copied());
                found.of.insert(page.file, parts);
            }
        }
        found
    }

    fn find_page_facts(&self) -> Pages {
        let mut found = Pages::default();
        let files = Files::new(self);
        let mut open: Vec<FileId> = Vec::new();
        for page in &self.pages {
            if !self.loads_of(page).is_empty() {
                found.insert(page.file, Shown::Loaded);
                open.push(page.file);
            }
        }
        let served = if open.is_empty() { Shown::Loaded } else { Shown::Named };
        let named = self.named_by_scripts(&files, &found);
        for (pages, how) in [(self.rendered(&files), served), (named, Shown::Named), (self.components(), Shown::Named)]
        {
            open.extend(pages.into_iter().filter(|page| found.insert_new(*page, how)));
        }
        while let Some(page) = open.pop() {
            let file = self.sources.file(page);
            let parts = self.page_parts().of.get(&page).cloned().unwrap_or_default();
            let linked = names_in(&file.text.content).filter_map(|name| page_beside(&files, &file.path, name));
            for next in parts.into_iter().chain(linked) {
                if found.insert_new(next, Shown::Named) {
                    open.push(next);
                }
            }
        }
        self.rest(&mut found);
        found
    }

    /// Pages to which nothing leads.
    fn rest(&self, found: &mut Pages) {
        let is_known = found.values().any(|shown| *shown == Shown::Loaded);
        let open = !is_known || self.loads_what_is_not_known();
        let is_beside = |file: FileId| {
            let path = &self.sources.file(file).path;
            is_elsewhere(path) || split(path).0.split('/').any(|folder| OF_SITES.contains(&folder))
        };
        let left: Vec<FileId> =
            self.pages.iter().map(|page| page.file).filter(|file| !found.contains_key(file)).collect();
        let documents = self
            .pages
            .iter()
            .filter(|page| !self.page_parts().all.contains(&page.file) && names_document(self.sources.file(page.file)));
        let mut likely = documents.filter(|page| !is_beside(page.file)).map(|page| page.file);
        let only = likely.next().filter(|_| likely.next().is_none());
        // Where every window shows what lies elsewhere, no page here is the app's; where it is known what they show, none of the site's.
        let (elsewhere, other) = if is_known { (false, false) } else { self.loads_elsewhere() };
        for file in left {
            let shown = match file {
                _ if elsewhere || other && site_of(&self.sources.file(file).path).is_some() => Shown::Beside,
                _ if is_known && (!open || is_beside(file)) => Shown::Beside,
                _ if !is_known && (only == Some(file) || self.pages.len() == 1) => Shown::Named,
                _ => Shown::Perhaps,
            };
            found.insert(file, shown);
        }
    }

    /// Whether all that windows of the shipped app load lies on servers elsewhere; and whether it is known what they load.
    fn loads_elsewhere(&self) -> (bool, bool) {
        if self.shipped_loads().next().is_none() || self.loads_what_is_not_known() {
            return (false, false);
        }
        let is_remote = |url: V| {
            let addresses = self.loaded_addresses(url);
            !addresses.is_empty() && addresses.iter().all(|known| self.content(known) == Content::Remote)
        };
        (self.shipped_loads().all(|load| !load.is_file && load.url.is_some_and(is_remote)), true)
    }

    /// What windows of the shipped app load.
    fn shipped_loads(&self) -> impl Iterator<Item = &Load> {
        self.loads().iter().filter(|load| load.development != Some(true) && self.is_product_file(load.span.file))
    }

    /// Whether a window of the shipped app loads what may be any page.
    fn loads_what_is_not_known(&self) -> bool {
        self.shipped_loads().any(|load| {
            let Some(url) = load.url else { return true };
            let frames = self.calls_behind(url);
            self.loaded_addresses(url).iter().any(|known| {
                let is_elsewhere = !load.is_file && self.content(known) == Content::Remote
                    || matches!(&known.thing, Thing::Text(text)
                            if ["data:", "about:", "chrome:", "javascript:"].iter().any(|head| text.starts_with(head)));
                // `${name}.html` says nothing but the ending.
                let names = self.names_of_address(known, &frames);
                !is_elsewhere && names.iter().all(|name| split(&name.text).1.starts_with('.'))
            })
        })
    }

    fn components(&self) -> Vec<FileId> {
        self.pages.iter().filter(|page| self.is_component(page)).map(|page| page.file).collect()
    }

    /// Pages with which a server answers: `response.render('main')`.
    fn rendered(&self, files: &Files) -> Vec<FileId> {
        let calls = RENDERS.iter().flat_map(|method| self.program.calls_named(method).iter().take(MOST_RENDERS));
        let names = calls.filter(|c| self.is_product_file(self.program.file(c.0))).filter_map(|c| {
            let name = self.program.argument(*c, 0)?;
            self.program.summary(name.0).text(name.1)
        });
        names.flat_map(|name| templates_of(files, name)).collect()
    }

    /// Pages that scripts and configurations of the app name; those of no window alone where the name is one that a window loads.
    fn named_by_scripts(&self, files: &Files, shown: &FxHashMap<FileId, Shown>) -> Vec<FileId> {
        let mut found = Vec::new();
        let mut stems: FxHashMap<&str, Vec<FileId>> = FxHashMap::default();
        for (path, file) in files.by_path.iter().filter(|(path, file)| !is_elsewhere(path) && !shown.contains_key(file))
        {
            let name = split(path).1;
            stems.entry(name.split_once('.').map_or(name, |(stem, _)| stem)).or_default().push(*file);
        }
        if stems.is_empty() && self.pages.len() == shown.len() {
            return found;
        }
        let mut by_stem: Vec<FileId> = Vec::new();
        let mut joins = false;
        for unit in self.program.unit_ids() {
            let file = self.program.file(unit);
            let source = self.sources.file(file);
            if source.kind == FileKind::Html || is_elsewhere(&source.path) {
                continue;
            }
            // Asked where it matters: few scripts name a page.
            let mut is_product = None;
            for text in &self.program.summary(unit).strings {
                if text.len() > LONGEST_NAME {
                    continue;
                }
                let (joined, named, is_page) = (text.starts_with(".htm"), stems.get(split(text).1), is_of_page(text));
                let is_told = joined || named.is_some() || is_page;
                if !is_told || !*is_product.get_or_insert_with(|| self.is_product_file(file)) {
                    continue;
                }
                // `${name}.html`: what is a page's name elsewhere may be meant.
                joins |= joined;
                by_stem.extend(named.into_iter().flatten().copied());
                if is_page {
                    let meant = pages_meant(files, shown, &self.sources.root, &source.path, text).into_iter();
                    let may_mean = |page: &FileId| self.may_mean(&self.sources.file(*page).path, &source.path, text);
                    found.extend(meant.filter(may_mean));
                }
            }
        }
        if joins || !by_stem.is_empty() && self.loads_what_is_not_known() {
            found.extend(by_stem);
        }
        // The same names in the same order, whatever order a table gives them in.
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The pages by their paths, and by their names.
struct Files<'a> {
    by_path: FxHashMap<&'a str, FileId>,
    /// By the name of the file as a build writes it, and by that name without its ending.
    by_name: FxHashMap<String, Vec<&'a str>>,
}

impl<'a> Files<'a> {
    fn new(app: &App<'a>) -> Self {
        let mut found = Self { by_path: FxHashMap::default(), by_name: FxHashMap::default() };
        for page in &app.pages {
            let path = app.sources.file(page.file).path.as_str();
            found.by_path.insert(path, page.file);
            let built = as_built(split(path).1).into_owned();
            let stem = built.rsplit_once('.').map(|(stem, _)| stem.to_owned());
            for name in stem.into_iter().chain([built]) {
                found.by_name.entry(name).or_default().push(path);
            }
        }
        found
    }

    fn named(&self, name: &str) -> Vec<&'a str> {
        let built = as_built(name);
        self.by_name.get(&*built).map_or_else(Vec::new, |paths| paths.iter().take(MOST_OF_NAME).copied().collect())
    }

    fn of(&self, paths: Vec<&str>) -> Vec<FileId> {
        paths.into_iter().filter_map(|path| self.by_path.get(path).copied()).collect()
    }
}

trait InsertNew {
    fn insert_new(&mut self, file: FileId, shown: Shown) -> bool;
}

impl InsertNew for FxHashMap<FileId, Shown> {
    /// Says how a page is shown, unless more is known of it; whether that was new.
    fn insert_new(&mut self, file: FileId, shown: Shown) -> bool {
        let is_new = !self.contains_key(&file);
        if is_new {
            self.insert(file, shown);
        }
        is_new
    }
}

/// Whether a file has what only a whole page has.
fn names_document(file: &SourceFile) -> bool {
    let text = &file.text.content;
    if is_pug(&file.path) {
        let word = |line: &str| line.trim_start().split([' ', '(', '.', '\r']).next().map(str::to_owned);
        return text
            .split(['\r', '\n'])
            .filter_map(word)
            .any(|word| matches!(word.as_str(), "doctype" | "html" | "head" | "body" | "extends"));
    }
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'<', bytes).any(|at| {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        ["!doctype", "html", "head", "title", "body"].iter().any(|name| {
            let ends =
                rest.get(name.len()).is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'));
            ends && rest.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
        })
    })
}

/// Whether a text can be the address of a page of the app's.
fn is_of_page(text: &str) -> bool {
    // Most texts have none.
    if memchr::memchr(b'.', text.as_bytes()).is_none() {
        return false;
    }
    let path = text.split(['?', '#']).next().unwrap_or("");
    let is_remote = ["http://", "https://", "//"].iter().any(|head| path.starts_with(head));
    !is_remote
        && [".html", ".htm", ".xhtml", ".xht", ".ejs", ".pug", ".jade"].iter().any(|ending| path.ends_with(ending))
}

/// The pages that a script means by an address: the one beside it, or in the app's folder, else those whose paths end so. Where a window
/// loads one of these the address is that load's.
fn pages_meant(files: &Files, shown: &FxHashMap<FileId, Shown>, root: &str, script: &str, text: &str) -> Vec<FileId> {
    if let Some(file) = page_beside(files, script, text) {
        return vec![file];
    }
    let Some(end) = address(text).or_else(|| text.ends_with(".ejs").then(|| text.trim_start_matches("./").to_owned()))
    else {
        return Vec::new();
    };
    if let Some(file) = join(root, &end).and_then(|path| files.by_path.get(&*path)) {
        return vec![*file];
    }
    let built = as_built(&end);
    let named = files.named(split(&built).1);
    let mut meant: Vec<&str> = named.iter().copied().filter(|path| ends_in(path, &built, true)).collect();
    if meant.is_empty() {
        meant = named;
    }
    match meant.iter().any(|path| files.by_path.get(path).is_some_and(|file| shown.contains_key(file))) {
        true => Vec::new(),
        false => files.of(likelier(meant)),
    }
}

/// The page of this address as seen from a file.
fn page_beside(files: &Files, from: &str, text: &str) -> Option<FileId> {
    let text = text.split(['?', '#']).next().filter(|text| is_of_page(text))?;
    files.by_path.get(&*join(split(from).0, text)?).copied()
}

/// Templates of this name, with or without its ending: `main` is `views/main.ejs`.
fn templates_of(files: &Files, name: &str) -> Vec<FileId> {
    let name = name.trim_start_matches("./").trim_start_matches('/');
    let ends = |path: &str| path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Vec::new();
    }
    let named = files.named(split(name).1).into_iter();
    let meant = named.filter(|path| ends(path) || path.rsplit_once('.').is_some_and(|(stem, _)| ends(stem)));
    files.of(likelier(meant.collect()))
}

/// What a template takes in by this name: beside it, else wherever a file of this name lies.
fn part_meant(files: &Files, from: &str, name: &str) -> Vec<FileId> {
    let beside = join(split(from).0, name);
    let beside = beside.and_then(|path| {
        let endings = ["", ".ejs", ".pug", ".jade", ".html", ".htm"];
        endings.iter().find_map(|ending| files.by_path.get(&*format!("{path}{ending}")).copied())
    });
    beside.map_or_else(|| templates_of(files, name), |file| vec![file])
}

/// The names behind `include` in a template: `include('parts/list')`, `include parts/list`, `{% include head.html %}`.
fn included(text: &str) -> Vec<&str> {
    let finder = memmem::find_iter(text.as_bytes(), b"include");
    let names = finder.filter_map(|at| {
        let before = text.get(..at)?.trim_end().as_bytes();
        if !before.last().is_some_and(|byte| matches!(byte, b'%' | b'-' | b'=' | b'_' | b'#')) {
            return None;
        }
        let rest = text.get(at + "include".len()..)?;
        let rest = rest.trim_start_matches([' ', '\t', '(', '"', '\'', '`']);
        let name = rest.get(..rest.find(is_limit)?)?;
        (!name.is_empty() && name.len() <= LONGEST_NAME).then_some(name)
    });
    names.collect()
}

fn is_limit(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '=' | ',' | ';' | '{' | '}' | '%')
}

/// What reads as the name of a page in the text of one.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let endings = memmem::find_iter(text.as_bytes(), b".htm").chain(memmem::find_iter(text.as_bytes(), b".xht"));
    endings.filter_map(move |at| {
        let before = text.get(..at)?;
        // Not the whole text before it again and again.
        let near = (at.saturating_sub(LONGEST_NAME)..=at).find(|from| text.is_char_boundary(*from))?;
        let start = before.get(near..)?.rfind(is_limit).map_or(near, |limit| {
            near + limit + before.get(near + limit..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let end = text.get(at..)?.find(is_limit).map_or(text.len(), |end| at + end);
        text.get(start..end).filter(|name| name.len() <= LONGEST_NAME)
    })
}
