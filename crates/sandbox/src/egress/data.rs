//! `data:` URLs, answered without any network: <https://fetch.spec.whatwg.org/#data-urls>.

use url::Url;

use super::NetworkError;

/// The media type and the bytes.
pub(super) fn decode(url: &Url) -> Result<(String, Vec<u8>), NetworkError> {
    let wrong = || NetworkError::Request("not a valid data: URL".into());
    // The fragment is no part of it, the query is.
    let text = url.as_str().strip_prefix("data:").unwrap_or_default();
    let text = text.split('#').next().unwrap_or_default();
    let (media, body) = text.split_once(',').ok_or_else(wrong)?;
    let bytes = percent_decode(body);
    let media = media.trim_matches(' ');
    let (media, bytes) = match media.rsplit_once(';') {
        Some((media, last)) if last.trim_matches(' ').eq_ignore_ascii_case("base64") => {
            let text: String = bytes.iter().map(|b| char::from(*b)).filter(|c| !c.is_ascii_whitespace()).collect();
            (media, crate::engine::from_base64(&pad(&text)).ok_or_else(wrong)?)
        }
        _ => (media, bytes),
    };
    let is_media = media.contains('/') && media.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    let media = match media {
        // Parameters alone belong to the default type.
        parameters if parameters.starts_with(';') && !parameters.contains('/') => format!("text/plain{parameters}"),
        media if is_media => media.to_owned(),
        _ => "text/plain;charset=US-ASCII".to_owned(),
    };
    Ok((media, bytes))
}

fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.filter(|hex| byte == b'%' && hex.bytes().all(|b| b.is_ascii_hexdigit())) {
            Some(hex) => {
                out.push(u8::from_str_radix(hex, 16).unwrap_or_default());
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// The padding that the standard's forgiving decoder does not ask for.
fn pad(text: &str) -> String {
    let bare = text.trim_end_matches('=');
    format!("{bare}{}", "=".repeat((4 - bare.len() % 4) % 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_and_bytes() {
        let decoded = |text: &str| decode(&Url::parse(text).expect("a URL")).ok();
        for (url, media, bytes) in [
            ("data:,A%20b%2", "text/plain;charset=US-ASCII", "A b%2"),
            ("data:text/html,<p>%41</p>#no", "text/html", "<p>A</p>"),
            ("data:text/plain;charset=utf-8;base64,SGk=", "text/plain;charset=utf-8", "Hi"),
            ("data:;base64,SGk", "text/plain;charset=US-ASCII", "Hi"),
            ("data:;charset=utf-8,a?b", "text/plain;charset=utf-8", "a?b"),
        ] {
            assert_eq!(decoded(url), Some((media.into(), bytes.as_bytes().to_vec())), "{url}");
        }
        for bad in ["data:text/plain", "data:;base64,***"] {
            assert_eq!(decoded(bad), None, "{bad}");
        }
    }
}
