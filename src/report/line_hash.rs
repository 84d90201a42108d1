//! The hash by which GitHub follows a finding over commits: `primaryLocationLineHash`.
//!
//! Computed as github/codeql-action does (`src/fingerprints.ts`, `LineHashes`), so that a result keeps its alert whoever computes it. The text
//! is taken as UTF-16 code units; CR LF and CR become LF; spaces and tabs are dropped. After the last unit come one 0xFFFF and then zeros
//! without end. The hash of a line is the sum of `u[k] * 37^(99 - k)` over the 100 units from the line's first unit on, modulo 2^64, in
//! hexadecimal; `:n` counts how often this hash has come up so far in the file. A byte-order mark is a unit like any other.

use std::collections::HashMap;

use electrolint_model::text::Text;

const WINDOW: usize = 100;
const FACTOR: u64 = 37;
const END: u16 = 0xFFFF;

/// The hash of each line of a text, the first line first.
pub(super) fn line_hashes(text: &Text) -> Vec<String> {
    let units = units(text);
    let at = |index: usize| u64::from(units.get(index).copied().unwrap_or(0));
    let highest = (1..WINDOW).fold(1u64, |power, _| power.wrapping_mul(FACTOR));
    let mut hash = (0..WINDOW).fold(0u64, |hash, index| hash.wrapping_mul(FACTOR).wrapping_add(at(index)));
    let mut seen: HashMap<u64, u32> = HashMap::new();
    let mut hashes = Vec::new();
    for index in 0..units.len() {
        if index == 0 || at(index - 1) == u64::from(b'\n') {
            let count = seen.entry(hash).or_default();
            *count += 1;
            hashes.push(format!("{hash:x}:{count}"));
        }
        let rest = hash.wrapping_sub(at(index).wrapping_mul(highest));
        hash = rest.wrapping_mul(FACTOR).wrapping_add(at(index + WINDOW));
    }
    hashes
}

fn units(text: &Text) -> Vec<u16> {
    let mut units = Vec::with_capacity(text.content.len() + 2);
    if text.shifts.first().is_some_and(|shift| shift.0 == 0 && shift.1 > 0) {
        units.push(0xFEFF);
    }
    let mut after_return = false;
    for unit in text.content.encode_utf16() {
        let is_return = unit == u16::from(b'\r');
        match unit {
            0x20 | 0x09 => {}
            _ if is_return => units.push(u16::from(b'\n')),
            0x0A if after_return => {}
            unit => units.push(unit),
        }
        after_return = is_return;
    }
    units.push(END);
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Vec<String> {
        line_hashes(&Text::plain(text))
    }

    /// The values are those of Microsoft's SARIF multitool and of a direct statement of the sum, which agree.
    #[test]
    fn hashes_are_those_of_the_reference() {
        assert_eq!(hashes(""), ["c129715d7a2bc9a3:1"]);
        let lines = "  const open = require('./open')\n\t\tfoo( 1 )\n\n\n  ünï 😀 z\nend";
        let expected = [
            "7e7c1500ba2cb8bb:1",
            "8c5605d55636229c:1",
            "47fae13d0e5ba7f4:1",
            "6f2267cd141eb3da:1",
            "17d8da9de94f6c18:1",
            "43b6461eda086fe2:1",
        ];
        assert_eq!(hashes(lines), expected);
        assert_eq!(hashes(&lines.replace('\n', "\r\n")), expected);
        assert_eq!(hashes(&lines.replace('\n', "\r")), expected);
        let expected = [
            "890e1b3735174ab9:1",
            "7f3d19cde62ded7a:1",
            "a19069bac61d5b3a:1",
            "61bf21f8a31d9cf8:1",
            "287fc2e994271d6e:1",
            "fe2be582c6296f40:1",
            "c129715d7a2bc9a3:1",
        ];
        assert_eq!(hashes(&format!("{lines}\n")), expected);
        let repeated = hashes(&("run();\n".repeat(25) + "last"));
        assert_eq!(repeated.first().map(String::as_str), Some("9bd9d870c287cd75:1"));
        assert_eq!(repeated.get(9).map(String::as_str), Some("9bd9d870c287cd75:10"));
        assert_eq!(repeated.last().map(String::as_str), Some("58429ecce5a8d0db:1"));
    }

    #[test]
    fn a_byte_order_mark_is_a_unit_and_a_repeated_line_is_counted() {
        let marked = Text::decode("\u{feff}a\n".into()).expect("it is text").text;
        assert_ne!(line_hashes(&marked)[0], hashes("a\n")[0]);
        let long = "y".repeat(200) + "\n";
        let twice = hashes(&(long.clone() + &long));
        assert_eq!(twice[0].split(':').next(), twice[1].split(':').next());
        assert!(twice[1].ends_with(":2"));
    }
}
