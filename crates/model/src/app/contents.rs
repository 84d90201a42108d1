//! What a window shows.

use super::{App, Content, Window, WindowKind};
use crate::link::things::Origin;

impl App<'_> {
    /// The worst content that the shipped app loads into a window; [`Content::Unknown`] where that cannot be told.
    pub fn window_content(&self, window: &Window) -> Content {
        if window.kind == WindowKind::Webview {
            return self.guest_content(window);
        }
        if matches!(window.kind, WindowKind::Attach | WindowKind::Features | WindowKind::Override) {
            return Content::Unknown;
        }
        let (mut own, mut other) = (None, None);
        for load in self.loads() {
            if load.development == Some(true) {
                continue;
            }
            let place = match &load.window {
                origin if window.is_made_with(origin) => &mut own,
                Origin::Created(..) => continue,
                _ => &mut other,
            };
            let content = match load.url {
                _ if load.is_file => Content::Local,
                Some(url) => {
                    self.loaded_addresses(url).iter().map(|known| self.content(known)).max().unwrap_or(Content::Local)
                }
                None => Content::Unknown,
            };
            *place = (*place).max(Some(content));
        }
        own.or(other).unwrap_or(Content::Unknown)
    }

    /// Whether only what lies on this machine is loaded into a window.
    pub fn shows_own_content_only(&self, window: &Window) -> bool {
        matches!(self.window_content(window), Content::Local | Content::Loopback)
    }

    fn guest_content(&self, window: &Window) -> Content {
        let source = self.webviews().find(|element| element.span == window.span).and_then(|element| element.source());
        match source {
            Some(source) => super::loads::content_of(&crate::link::things::Thing::Text(source.into())),
            None => Content::Unknown,
        }
    }
}
