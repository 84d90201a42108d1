//! Which server an address names, as far as it is known.

use electrolint_model::link::things::Known;

/// A server.
pub(crate) struct Server {
    /// As the URL parser reads it: in lower case, without brackets, an address in its usual spelling.
    pub host: String,
    /// `https://api.example.com:8443/`.
    pub origin: String,
}

/// The server of a known address, or of one of which more than the host is known.
pub(crate) fn server(known: &Known) -> Option<Server> {
    let (text, whole) = known.thing.head()?;
    let (scheme, rest) = text.trim().split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https" | "ws" | "wss" | "ftp") {
        return None;
    }
    let end = rest.find(['/', '?', '#']);
    let authority = match end {
        Some(end) => rest.get(..end)?,
        // A port that is not known ends the host too.
        None if whole || rest.ends_with(':') => rest,
        None => return None,
    };
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    let host = match server.strip_prefix('[') {
        Some(inner) => inner.split(']').next()?,
        None => server.split(':').next()?,
    };
    if host.is_empty() {
        return None;
    }
    let origin = format!("{scheme}://{}/", server.trim_end_matches(':'));
    // An address has many spellings, and one meaning; what is no URL is taken as it is written.
    let host = electrolint_policy::host_of(&origin).unwrap_or_else(|| host.to_ascii_lowercase());
    Some(Server { host, origin })
}
