//! What a value is for, and what makes it harmless there.

/// What a value becomes where it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Becomes {
    /// A value of its own: an address, a path, a name.
    Value,
    /// A part of a script.
    Script,
    /// A part of markup.
    Markup,
    /// A part of a command line.
    Command,
}

/// What a value is for, and the functions, by the last part of their names, whose result is harmless there.
#[derive(Clone, Copy, Debug)]
pub struct Purpose<'a> {
    becomes: Becomes,
    cleaners: &'a [&'a str],
    /// Functions that make a literal of any value, which is harmless unless it stands inside quotes.
    literals: &'a [&'a str],
    /// Functions of packages whose result is harmless: the package, and the function's name there.
    of_packages: &'a [(&'a str, &'a str)],
}

impl<'a> Purpose<'a> {
    /// A value of its own, which nothing makes harmless.
    pub const VALUE: Self = Purpose::value(&[]);

    /// A value of its own: an address, a path, a name.
    pub const fn value(cleaners: &'a [&'a str]) -> Self {
        Self { becomes: Becomes::Value, cleaners, literals: &[], of_packages: &[] }
    }

    /// A part of a script: `literals` make a literal of any value, `cleaners` what is harmless inside quotes too.
    pub const fn script(literals: &'a [&'a str], cleaners: &'a [&'a str]) -> Self {
        Self { becomes: Becomes::Script, cleaners, literals, of_packages: &[] }
    }

    /// A part of markup: `of_packages` make markup of a text, and escape it.
    pub const fn markup(cleaners: &'a [&'a str], of_packages: &'a [(&'a str, &'a str)]) -> Self {
        Self { becomes: Becomes::Markup, cleaners, literals: &[], of_packages }
    }

    /// A part of a command line.
    pub const fn command(cleaners: &'a [&'a str]) -> Self {
        Self { becomes: Becomes::Command, cleaners, literals: &[], of_packages: &[] }
    }

    /// Whether it becomes part of a script, of markup or of a command line.
    pub(super) fn is_text(self) -> bool {
        self.becomes != Becomes::Value
    }

    pub(super) fn is_markup(self) -> bool {
        self.becomes == Becomes::Markup
    }

    pub(super) fn is_command(self) -> bool {
        self.becomes == Becomes::Command
    }

    /// Whether it may stand inside quotes that mean something where it goes.
    pub(super) fn has_quotes(self) -> bool {
        matches!(self.becomes, Becomes::Script | Becomes::Command)
    }

    /// Whether some function makes it harmless.
    pub(super) fn has_cleaners(self) -> bool {
        !self.cleaners.is_empty() || !self.literals.is_empty()
    }

    /// Whether what a function of this name gives is harmless where it stands inside such quotes.
    pub(super) fn is_cleaned_by(self, name: &str, quote: Quote) -> bool {
        match quote {
            Quote::None => self.literals.contains(&name) || self.cleaners.contains(&name),
            // It leaves `'` as it is, and no other quote: <https://tc39.es/ecma262/#sec-encodeuricomponent-uricomponent>
            Quote::Double | Quote::Back if name == "encodeURIComponent" => true,
            _ => self.cleaners.contains(&name),
        }
    }

    /// Whether what an API gives is harmless where it stands inside such quotes: `highlight.js.default.highlight`.
    pub(super) fn is_cleaned_by_api(self, path: &str, quote: Quote) -> bool {
        let (of, name) = path.rsplit_once('.').unwrap_or(("", path));
        let package = of.strip_suffix(".default").unwrap_or(of);
        self.is_cleaned_by(name, quote) || self.of_packages.contains(&(package, name))
    }

    /// Inside which quotes the text behind a text stands.
    pub(super) fn quote_behind(self, before: Quote, text: &str) -> Quote {
        match self.becomes {
            Becomes::Script => before.behind(text),
            // What stands between backquotes is a command, not a text.
            Becomes::Command => before.behind(&text.replace('`', "")),
            _ => Quote::None,
        }
    }
}

/// The quotes of a script's text, or of a shell's, inside which something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Quote {
    None,
    Single,
    Double,
    Back,
}

impl Quote {
    fn behind(self, text: &str) -> Self {
        let mut quote = self;
        let mut is_escaped = false;
        for c in text.chars() {
            let of = match c {
                '\'' => Self::Single,
                '"' => Self::Double,
                '`' => Self::Back,
                // No text between these quotes goes on in the next line: what seemed to begin one was an apostrophe.
                '\n' if quote != Self::Back && !is_escaped => {
                    quote = Self::None;
                    continue;
                }
                _ => {
                    is_escaped = c == '\\' && !is_escaped;
                    continue;
                }
            };
            if !std::mem::take(&mut is_escaped) {
                quote = match quote {
                    Self::None => of,
                    open if open == of => Self::None,
                    open => open,
                };
            }
        }
        quote
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_which_quotes_are_open_behind_it() {
        for (text, quote) in [
            ("set(", Quote::None),
            ("set('", Quote::Single),
            ("set('a', \"", Quote::Double),
            ("set(\"it's\", `", Quote::Back),
            ("set('it\\'s", Quote::Single),
            ("set('a\\\\'", Quote::None),
            ("// it isn't\nset(", Quote::None),
            ("`a\n", Quote::Back),
        ] {
            assert_eq!(Quote::None.behind(text), quote, "{text}");
        }
        assert_eq!(Quote::Single.behind("', "), Quote::None);
    }
}
