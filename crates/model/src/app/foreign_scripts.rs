//! Scripts of servers in pages of the app's: what a server sends runs there as the page's own.

use std::cell::LazyCell;

use rustc_hash::FxHashSet;

use super::loads::content_of;
use super::{App, Content, Embed, Page, Window};
use crate::html::{ResourceKind, resources};
use crate::link::UnitId;
use crate::link::things::Thing;
use crate::source::{FileId, Span};

impl App<'_> {
    /// The first script of a server that runs in the pages which the shipped app loads into a window, by markup or by one of these embeds.
    ///
    /// One whose text the page names by its digest is the one that the app's authors saw:
    /// <https://www.w3.org/TR/sri/>.
    pub fn foreign_script<'e>(&self, window: &Window, embeds: impl FnOnce() -> &'e [Embed]) -> Option<Span> {
        let shown = self.shown_pages().iter().filter(|(_, load)| load.development != Some(true));
        let mut files: Vec<FileId> =
            shown.filter(|(_, load)| window.is_made_with(&load.window)).map(|(file, _)| *file).collect();
        files.sort_unstable();
        files.dedup();
        let embeds = LazyCell::new(embeds);
        files.into_iter().find_map(|file| {
            if let Some(known) = self.foreign_scripts.borrow().get(&file) {
                return *known;
            }
            let page = self.pages.iter().find(|page| page.file == file)?;
            let found = self.foreign_script_of(page).or_else(|| self.foreign_embed_of(page, &embeds));
            self.foreign_scripts.borrow_mut().insert(file, found);
            found
        })
    }

    fn foreign_embed_of(&self, page: &Page, embeds: &[Embed]) -> Option<Span> {
        let files: FxHashSet<FileId> = self.scripts_in(page).into_iter().map(|unit| self.program.file(unit)).collect();
        let is_foreign = |embed: &&Embed| {
            embed.tag == "script"
                && embed.development != Some(true)
                && files.contains(&embed.span.file)
                && embed
                    .values
                    .iter()
                    .any(|known| content_of(&known.thing) == Content::Remote && known.development != Some(true))
        };
        embeds.iter().find(is_foreign).map(|embed| embed.span)
    }

    fn foreign_script_of(&self, page: &Page) -> Option<Span> {
        let text = &self.sources.file(page.file).text.content;
        let found = resources(text, &page.html).into_iter().find(|resource| {
            let element = page.html.elements.get(resource.element as usize);
            resource.kind == ResourceKind::Script
                && !resource.templated
                && content_of(&Thing::Text(resource.url.trim().into())) == Content::Remote
                && element.is_none_or(|element| element.value("integrity").is_none())
        })?;
        Some(Span { file: page.file, start: found.span.0, end: found.span.1 })
    }

    /// The scripts of the app's that a page names, and those in it.
    fn scripts_in(&self, page: &Page) -> Vec<UnitId> {
        let named = self.program.scripts_named_by(self.sources, page.file, &page.html);
        page.scripts.iter().copied().chain(named).collect()
    }
}
