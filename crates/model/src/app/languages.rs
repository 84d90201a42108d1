//! Files of which there is one for each language of those who use the app: `help/de/index.html`.

use super::App;
use crate::source::FileId;

/// Languages into which apps are translated: <https://www.iana.org/assignments/language-subtag-registry>.
const LANGUAGES: [&str; 48] = [
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gl", "he", "hi", "hr",
    "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr",
    "sv", "ta", "te", "th", "tr", "uk", "ur", "vi", "zh", "zu",
];

impl App<'_> {
    /// The path of a file that lies in a folder named after a language, without that name: the same for each language.
    pub fn path_in_any_language(&self, file: FileId) -> Option<String> {
        let path = &self.sources.file(file).path;
        let (folders, _) = path.rsplit_once('/')?;
        let place = folders.split('/').position(is_language)?;
        let folder = |(index, name)| if index == place { "" } else { name };
        Some(path.split('/').enumerate().map(folder).collect::<Vec<_>>().join("/"))
    }
}

/// `de`, `pt-BR`, `zh_CN`, `zh-Hans`.
fn is_language(folder: &str) -> bool {
    let (language, region) = folder.split_once(['-', '_']).unwrap_or((folder, ""));
    LANGUAGES.contains(&language)
        && (region.is_empty()
            || (2..=4).contains(&region.len()) && region.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_after_languages() {
        for folder in ["de", "pt-BR", "zh_CN", "zh-Hans", "es-419"] {
            assert!(is_language(folder), "{folder}");
        }
        for folder in ["ui", "js", "", "deu", "en-x-private", "de-D\u{fc}"] {
            assert!(!is_language(folder), "{folder}");
        }
    }
}
