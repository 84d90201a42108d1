//! Which pages are shown in which windows.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::page_templates::Template;
use super::{App, Load, Markup, Page, Window, WindowKind};
use crate::electron::preferences::Value as Tri;
use crate::link::things::*;
use crate::link::{C, V, join, split, within};
use crate::source::FileId;
use crate::summary::{Key, Value};

/// Steps from an address to the calls that make it.
const MOST_STEPS: u32 = 12;

/// Writes to paths of addresses that are looked at.
const MOST_WRITES: usize = 64;

/// What an address ends in, by which a page can be told.
pub(super) struct PageName {
    pub text: String,
    /// In a development build alone.
    pub development: Option<bool>,
}

impl App<'_> {
    /// The window into which something is loaded, if it is one that is known.
    pub fn window_of(&self, load: &Load) -> Option<&Window> {
        let Origin::Created(_, by) = load.window else { return None };
        let mut windows = self.windows.iter().filter(|window| window.is_made_with(&load.window));
        let first = windows.clone().next();
        windows.find(|window| window.by == by).or(first)
    }

    /// Whether pages that are loaded here have Node.
    pub fn load_has_node(&self, load: &Load) -> bool {
        self.window_of(load).is_some_and(|window| self.pages_reach_node(window))
    }

    /// Whether a window's pages have Node: with `contextIsolation` only the preload script has what `nodeIntegration` gives.
    pub fn pages_reach_node(&self, window: &Window) -> bool {
        self.window_has_node(window) && window.effective(self).context_isolation.value != Tri::Known(true)
    }

    /// Whether a window's `nodeIntegration` is on.
    pub fn window_has_node(&self, window: &Window) -> bool {
        window
            .settings(self, "nodeIntegration")
            .iter()
            .any(|fact| fact.value == Tri::Known(true) && fact.development != Some(true))
    }

    /// The loads that show this page: their address ends in the page's path, or at least in its name if it ends in no page's path.
    pub fn loads_of(&self, page: &Page) -> Vec<Load> {
        self.shown_pages().iter().filter(|(file, _)| *file == page.file).map(|(_, load)| load.clone()).collect()
    }

    /// The pages that loads show: a page's file, and the load.
    pub(super) fn shown_pages(&self) -> &[(FileId, Load)] {
        self.shown.get_or_init(|| self.find_shown())
    }

    /// The pages that loads show: a page's file, and the load.
    fn find_shown<'s>(&'s self) -> Vec<(FileId, Load)> {
        let mut shown = Vec::new();
        let all: FxHashSet<&str> = self.pages.iter().map(|page| self.sources.file(page.file).path.as_str()).collect();
        let manifests = self.sources.files.iter().filter(|file| split(&file.path).1 == "package.json");
        let packages: FxHashSet<&str> = manifests.map(|file| split(&file.path).0).collect();
        let others = self.loads_into_unknown();
        let named = self.named_by_scheme();
        let templates = self.page_templates();
        for load in self.loads().iter().chain(&others) {
            let addresses = self.names_of_pages(load);
            if addresses.is_empty() {
                continue;
            }
            let script = self.path(load.span);
            let own = package_of(script, &packages);
            let of_own = |template: &&Template| package_of(self.path(template.span), &packages) == own;
            let addresses = self.made_from(addresses, &templates, of_own);
            let pages_of = |exact| -> Vec<&'s str> {
                let paths = self.pages.iter().map(|page| self.sources.file(page.file).path.as_str());
                paths
                    .filter(|path| addresses.iter().any(|address| ends_in(path, &address.text, exact)))
                    .filter(|path| !has_twin(path, &all))
                    .collect()
            };
            let mut exact = pages_of(true);
            // Of several pages of the name the one beside the script is meant, if there is one.
            let folder = split(script).0;
            let beside: Vec<&str> = exact.iter().copied().filter(|path| split(path).0 == folder).collect();
            // What a package inside the app's own holds, and no path leads to from the app's folder, is another program's page.
            let is_inner = |path: &&str| {
                let package = package_of(path, &packages);
                package != own
                    && package.strip_prefix(own).is_some_and(|rest| own.is_empty() || rest.starts_with('/'))
                    && !addresses.iter().any(|address| join(own, &address.text).as_deref() == Some(path))
            };
            if !exact.is_empty() && exact.iter().all(is_inner) {
                let named: Vec<&str> =
                    pages_of(false).into_iter().filter(|path| package_of(path, &packages) == own).collect();
                exact = if named.is_empty() { exact } else { named };
            }
            // A page of the script's own package comes before one of the name that lies in another, whether inside it or beside it.
            let outer = |paths: Vec<&'s str>| {
                let of_own: Vec<&str> =
                    paths.iter().copied().filter(|path| package_of(path, &packages) == own).collect();
                let outer = paths.iter().copied().filter(|path| !is_inner(path));
                let outer = if of_own.is_empty() { outer.collect() } else { of_own };
                if outer.is_empty() { paths } else { outer }
            };
            let meant = match (beside.is_empty(), exact.is_empty()) {
                (false, _) => beside,
                (_, false) => likelier(outer(exact)),
                _ => likelier(in_folder_of(outer(pages_of(false)), &addresses)),
            };
            let is_meant = |path: &&str| addresses.iter().any(|address| self.may_mean(path, script, &address.text));
            let meant: FxHashSet<&str> = meant.into_iter().filter(is_meant).collect();
            let files = self.pages.iter().map(|page| page.file);
            let files = files.filter(|file| meant.contains(self.sources.file(*file).path.as_str()));
            // One address shows one page: of several that fit the one that lies highest is meant, if it is one.
            let depth = |path: &str| path.matches('/').count();
            let highest = meant.iter().map(|path| depth(path)).min().unwrap_or(0);
            let ambiguous = meant.len() > addresses.len();
            let only = meant.iter().filter(|path| depth(path) == highest).count() == 1;
            for file in files {
                let mut load = load.clone();
                let path = &self.sources.file(file).path;
                let mut named_so = addresses.iter().filter(|address| ends_in(path, &address.text, false)).peekable();
                if named_so.peek().is_some() && named_so.all(|address| address.development == Some(true)) {
                    load.development = Some(true);
                }
                if ambiguous && !named.contains(&file) && !(only && depth(path) == highest) {
                    load.certainty = Certainty::Tentative;
                }
                shown.push((file, load));
            }
        }
        shown
    }

    /// Whether a script can mean a page by an address: not that of the project's site by `index.html` alone, where no script names the
    /// folder of the site.
    pub(super) fn may_mean(&self, page: &str, script: &str, address: &str) -> bool {
        let Some(site) = site_of(page) else { return true };
        let names = [site.to_owned(), format!("./{site}"), format!("../{site}"), format!("{site}/")];
        let names = names.each_ref().map(String::as_str);
        site_of(script).is_some()
            || site_of(address).is_some()
            || self.program.unit_ids().any(|unit| self.program.says(unit, &names))
    }

    /// What the addresses that a load can have end in: names of pages, without query and fragment.
    fn names_of_pages(&self, load: &Load) -> Vec<PageName> {
        let Some(url) = load.url else { return Vec::new() };
        let frames = self.calls_behind(url);
        self.eval(url).iter().flat_map(|known| self.names_of_address(known, &frames)).collect()
    }

    /// As [`App::names_of_pages`], of one address.
    pub(super) fn names_of_address(&self, known: &Known, frames: &Frames) -> Vec<PageName> {
        let texts = match &known.thing {
            Thing::Text(_) | Thing::Template(_) => self.last_texts(known, frames, 0),
            // path.join(__dirname, '…', 'index.html'), url.format({ pathname: … }), pathToFileURL(…).
            Thing::Result(api, _)
                if matches!(&**api, "path.join" | "path.resolve" | "url.format" | "url.pathToFileURL" | "new URL") =>
            {
                self.last_texts(known, frames, 0)
            }
            Thing::Api(_) => self.last_texts(known, frames, 0),
            _ => Vec::new(),
        };
        let mut addresses: Vec<PageName> = Vec::new();
        for PageName { text, development } in texts {
            let found = address(&text).into_iter().chain(self.below_own_host(&text));
            addresses.extend(found.map(|text| PageName { text, development }));
        }
        addresses
    }

    /// Addresses of pages that a build makes, as those of the files that it makes them from, where these were read: those that the script's
    /// own package makes come first.
    fn made_from(
        &self,
        addresses: Vec<PageName>,
        templates: &[Template],
        of_own: impl Fn(&&Template) -> bool,
    ) -> Vec<PageName> {
        let is_read = |end: &str| self.pages.iter().any(|page| ends_in(&self.sources.file(page.file).path, end, true));
        let made_from = |address: String| {
            let name = split(&address).1;
            let of_name = || templates.iter().filter(|template| split(&template.name).1 == name);
            let has_own = of_name().any(|template| of_own(&template));
            let of_package = of_name().filter(|template| !has_own || of_own(template));
            let mut ends: Vec<&str> =
                of_package.map(|template| &*template.made_from).filter(|end| is_read(end)).collect();
            ends.sort_unstable();
            ends.dedup();
            let same: Vec<&str> = ends.iter().copied().filter(|end| split(end).1 == name).collect();
            match (&same[..], &ends[..]) {
                ([end], _) => (*end).to_owned(),
                // A name that is a page as it is written is not another one's that a tool beside the app makes.
                ([], [end]) if !is_read(&address) => (*end).to_owned(),
                // `tray.html` is made of `tray/index.html`.
                ([], []) => match name.strip_suffix(".html").map(|stem| format!("{stem}/index.html")) {
                    Some(index) if !is_read(name) && is_read(&index) => index,
                    _ => address,
                },
                _ => address,
            }
        };
        addresses.into_iter().map(|name| PageName { text: made_from(name.text), ..name }).collect()
    }

    /// What the path of a page that a value can be ends in.
    pub(super) fn ends_of_path(&self, known: &Known) -> Vec<String> {
        let texts = self.last_texts(known, &Frames::default(), 0);
        texts.iter().filter_map(|name| address(&as_built(&name.text))).collect()
    }

    /// What stands behind the host in an address of the app's own scheme: `app://bundle/pages/about.html` is `pages/about.html`.
    fn below_own_host(&self, text: &str) -> Option<String> {
        let (scheme, rest) = text.split_once(':')?;
        let (_, path) = rest.strip_prefix("//")?.split_once('/')?;
        let is_own = path.contains('/') && self.own_schemes().iter().any(|own| own == scheme);
        is_own.then(|| address(path)).flatten()
    }

    /// Pages that some script names by an address of the app's own scheme.
    fn named_by_scheme(&self) -> FxHashSet<FileId> {
        if self.own_schemes().is_empty() {
            return FxHashSet::default();
        }
        let strings = self.program.unit_ids().flat_map(|unit| self.program.summary(unit).strings.iter());
        let addresses: FxHashSet<String> = strings.filter_map(|text| self.below_own_host(text)).collect();
        let is_named = |file: &FileId| {
            let path = as_built(&self.sources.file(*file).path);
            let below = path.match_indices('/').filter_map(|(slash, _)| path.get(slash + 1..));
            std::iter::once(&*path).chain(below).any(|end| addresses.contains(end))
        };
        self.pages.iter().map(|page| page.file).filter(is_named).collect()
    }

    /// The pages of the entry points that Electron Forge's configuration gives this name, in capitals.
    fn forge_pages(&self, name: &str) -> &[String] {
        let all = self.entry_points.get_or_init(|| self.find_entry_points());
        all.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every `{ name, html }` of the app's configuration: the names in capitals, as the plugin's globals spell them.
    fn find_entry_points(&self) -> FxHashMap<String, Vec<String>> {
        let mut found: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            if !summary.strings.iter().any(|text| &**text == "html") {
                continue;
            }
            for node in &summary.values {
                let Value::Object(list) = node.value else { continue };
                let of = |key: &str| {
                    summary.properties(list).iter().find_map(|property| match property.key {
                        Key::Name(name) if summary.str(name) == key => Some(property.value),
                        _ => None,
                    })
                };
                let Some((name, html)) = of("name").zip(of("html").and_then(|html| summary.text(html))) else {
                    continue;
                };
                for name in self.names_given(V(unit, name)) {
                    found.entry(name.to_ascii_uppercase().replace(' ', "_")).or_default().push(html.to_owned());
                }
            }
        }
        found
    }

    /// The texts that a name in a configuration is: written there, or handed to the function that makes it, `entry('main_window')`.
    fn names_given(&self, name: V) -> Vec<String> {
        let text = |v: V| self.program.summary(v.0).text(v.1).map(str::to_owned);
        let Some((f, index)) = self.parameter_behind(name) else { return text(name).into_iter().collect() };
        let callers = self.program.registrations(f);
        callers.iter().filter_map(|c| self.program.argument(*c, index as usize).and_then(text)).collect()
    }

    /// The calls of the app's own functions that make an address, for what they hand over: `addressOf('index.html')`.
    pub(super) fn calls_behind(&self, v: V) -> Frames {
        let mut frames = Frames::default();
        let mut at = v;
        for _ in 0..MOST_STEPS {
            let here = |id| V(at.0, id);
            at = match self.program.value(at) {
                Value::Binding(binding) => match self.program.summary(at.0).written_once(binding) {
                    Some(only) => here(only),
                    _ => break,
                },
                Value::Member(inner, _) | Value::Await(inner) => here(inner),
                Value::Call(call) => {
                    let c = C(at.0, call);
                    let [f] = self.functions(V(at.0, self.program.call(c).callee))[..] else { break };
                    let returned = self.program.function(f).exits.iter().rev().find_map(|exit| exit.value);
                    let Some(returned) = returned else { break };
                    frames = frames.with(f, c);
                    V(f.0, returned)
                }
                _ => break,
            };
        }
        frames
    }

    /// What is written to the path of an address after it was made: `url.pathname = …`.
    fn written_paths(&self, made: C, frames: &Frames, depth: u32) -> Vec<PageName> {
        let mut found = Vec::new();
        for (unit, write) in self.program.written_to("pathname").take(MOST_WRITES) {
            let is_it = |known: &Known| matches!(known.thing, Thing::Result(_, by) if by == made);
            let Some(value) = write.value.filter(|_| self.eval(V(unit, write.object)).iter().any(is_it)) else {
                continue;
            };
            let values = self.program.eval_in(V(unit, value), frames);
            found.extend(values.iter().flat_map(|known| self.last_texts(known, frames, depth + 1)));
        }
        found
    }

    /// What the last text that an address is made of can be.
    fn last_texts(&self, known: &Known, frames: &Frames, depth: u32) -> Vec<PageName> {
        let mut found = self.find_last_texts(known, frames, depth);
        for name in &mut found {
            name.development = name.development.or(known.development);
        }
        found
    }

    fn find_last_texts(&self, known: &Known, frames: &Frames, depth: u32) -> Vec<PageName> {
        let named = |text: &str| PageName { text: text.to_owned(), development: None };
        let of = |values: &[Known]| values.iter().flat_map(|known| self.last_texts(known, frames, depth + 1)).collect();
        match &known.thing {
            _ if depth > 8 => Vec::new(),
            Thing::Text(text) => vec![named(text)],
            // Electron Forge: `MAIN_WINDOW_WEBPACK_ENTRY` is the page of the entry point `main_window`.
            Thing::Api(name) => {
                let pages = name.strip_suffix("_WEBPACK_ENTRY").map_or(&[][..], |name| self.forge_pages(name));
                pages.iter().map(|page| named(page)).collect()
            }
            // What a query says, and what follows, is no name of a page: `file://${page}?theme=${theme}`.
            Thing::Template(parts) => {
                let query = parts.iter().enumerate().find_map(|(index, part)| match part {
                    Part::Text(text) => text.find(['?', '#']).map(|at| index + usize::from(at > 0)),
                    Part::Hole(..) => None,
                });
                match parts.iter().take(query.unwrap_or(parts.len())).next_back() {
                    Some(Part::Text(text)) => vec![named(text)],
                    Some(Part::Hole(v, frames)) => of(&self.program.eval_in(*v, frames)),
                    None => Vec::new(),
                }
            }
            Thing::Object(object) => {
                let lookup = self.program.property(object, "pathname", None);
                lookup.values.iter().flat_map(|placed| self.last_texts(&placed.known, frames, depth + 1)).collect()
            }
            Thing::Result(api, c) => {
                if &**api == "new URL" {
                    let written = self.written_paths(*c, frames, depth);
                    if !written.is_empty() {
                        return written;
                    }
                }
                if &**api == "new URL" || api.starts_with("url.") {
                    let argument = self.program.argument(*c, 0);
                    return argument.map_or_else(Vec::new, |argument| of(&self.program.eval_in(argument, frames)));
                }
                self.joined_texts(*c, frames, &of)
            }
            _ => Vec::new(),
        }
    }

    /// What a path can end in that is joined of parts: the last part, after those before it that are known.
    fn joined_texts(&self, c: C, frames: &Frames, of: &dyn Fn(&[Known]) -> Vec<PageName>) -> Vec<PageName> {
        let mut found: Vec<PageName> = Vec::new();
        for index in (0..self.program.arguments(c).len()).rev() {
            let Some(argument) = self.program.argument(c, index) else { break };
            let values = self.program.eval_in(argument, frames);
            if found.is_empty() {
                found = of(&values);
                if found.is_empty() {
                    break;
                }
                continue;
            }
            let [Known { thing: Thing::Text(folder), .. }] = &values[..] else { break };
            for PageName { text, .. } in &mut found {
                *text = format!(
                    "{}/{}",
                    folder.trim_end_matches('/'),
                    text.trim_start_matches("./").trim_start_matches('/')
                );
            }
        }
        found
    }

    /// Whether a window that shows this page gives it Node. A page that no load names has it if every window of the app has it.
    pub fn page_has_node(&self, page: &Page) -> bool {
        let loads = self.loads_of(page);
        if !loads.is_empty() {
            return loads.iter().any(|load| self.load_has_node(load));
        }
        let mut windows = self
            .windows
            .iter()
            .filter(|window| {
                matches!(window.kind, WindowKind::BrowserWindow | WindowKind::BrowserView | WindowKind::WebContentsView)
            })
            .peekable();
        windows.peek().is_some() && windows.all(|window| self.pages_reach_node(window))
    }

    /// The text of markup in a script.
    pub fn markup_text(&self, markup: &Markup) -> Option<&str> {
        match self.program.value(markup.value) {
            Value::String(name) => Some(self.program.str(markup.value.0, name)),
            _ => None,
        }
    }
}

/// Folders whose pages are a web site's, a container's or what the app makes sites of, where a page of the same name lies elsewhere.
const ELSEWHERE: [&str; 8] = ["docs", "website", "site", "docker", "themes", "templates", "examples", "demo"];

/// Folders of a project's site, which is put on the web by itself.
const SITES: [&str; 4] = ["docs", "website", "site", "gh-pages"];

/// The folder of a project's site in which a path lies.
pub(super) fn site_of(path: &str) -> Option<&str> {
    split(path).0.split('/').find(|folder| SITES.contains(folder))
}

/// Of several templates those below the folder in which a build writes the page: `browser/views/index.pug` for `browser/index.html`. All
/// if there is none.
fn in_folder_of<'p>(paths: Vec<&'p str>, addresses: &[PageName]) -> Vec<&'p str> {
    let is_template = |path: &&str| matches!(as_built(path), Cow::Owned(_));
    if paths.len() < 2 || !paths.iter().all(is_template) {
        return paths;
    }
    let folders: Vec<&str> =
        addresses.iter().map(|address| split(&address.text).0).filter(|folder| !folder.is_empty()).collect();
    let is_below = |path: &&&str| folders.iter().any(|folder| within(path, folder));
    let below: Vec<&str> = paths.iter().filter(is_below).copied().collect();
    if below.is_empty() { paths } else { below }
}

/// Of several pages of one name those that lie in no folder of another purpose; all if there is none.
pub(super) fn likelier(paths: Vec<&str>) -> Vec<&str> {
    let likely: Vec<&str> = paths.iter().copied().filter(|path| !is_elsewhere(path)).collect();
    if likely.is_empty() { paths } else { likely }
}

/// Whether a page lies in a folder of another purpose.
pub(super) fn is_elsewhere(path: &str) -> bool {
    split(path).0.split('/').any(|folder| ELSEWHERE.contains(&folder))
}

/// Whether a template has a page of its name beside it, which a build takes in its place.
fn has_twin(path: &str, pages: &FxHashSet<&str>) -> bool {
    matches!(as_built(path), Cow::Owned(built) if pages.contains(built.as_str()))
}

/// The nearest folder above a file that holds a manifest.
fn package_of<'p>(path: &'p str, packages: &FxHashSet<&str>) -> &'p str {
    let mut folder = split(path).0;
    while !folder.is_empty() && !packages.contains(folder) {
        folder = split(folder).0;
    }
    folder
}

/// The end of an address that can be compared with a page's path.
pub(super) fn address(text: &str) -> Option<String> {
    let address = text.split(['?', '#']).next().unwrap_or("").replace('\\', "/");
    let address = address.rsplit("../").next().unwrap_or("").trim_start_matches("./");
    let address = address.rsplit_once("//").map_or(address, |(_, rest)| rest).trim_start_matches('/');
    [".html", ".htm", ".xhtml", ".xht"].iter().any(|ending| address.ends_with(ending)).then(|| address.to_owned())
}

/// What a build makes of a page: `index.html` of `index.ejs`, of `index.pug`.
pub(super) fn as_built(path: &str) -> Cow<'_, str> {
    let stem = [".ejs", ".pug", ".jade"].iter().find_map(|ending| path.strip_suffix(ending));
    stem.map_or(Cow::Borrowed(path), |stem| Cow::Owned(format!("{stem}.html")))
}

/// Whether an address leads to the file of this path: it ends in the same names.
pub(super) fn ends_in(path: &str, address: &str, exact: bool) -> bool {
    let path = &*as_built(path);
    path.strip_suffix(address).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        // The build's folder is not the source's: the file's own name decides.
        || !exact && address.rsplit('/').next() == path.rsplit('/').next()
}
