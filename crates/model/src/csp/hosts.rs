//! Hosts that say little about who wrote a file.

/// Hosts that serve files of anyone, with the number of path segments that name whose: with fewer, a source covers all.
///
/// Each serves scripts with a script's media type from packages or repositories that everyone can publish. The hosts of
/// GitHub's raw files are left out: they answer `text/plain` with `nosniff`, so that no script of theirs runs.
const PUBLIC_HOSTS: [(&str, usize); 24] = [
    ("ajax.googleapis.com", 3), // old AngularJS, whose templates evaluate expressions
    ("bundle.run", 1),
    ("cdn.esm.sh", 1),
    ("cdn.jsdelivr.net", 2),
    ("cdn.rawgit.com", 2),
    ("cdn.skypack.dev", 1),
    ("cdn.statically.io", 3),
    ("cdnjs.cloudflare.com", 3),
    ("dl.dropboxusercontent.com", 2),
    ("esm.run", 1),
    ("esm.sh", 1),
    ("esm.unpkg.com", 1),
    ("fastly.jsdelivr.net", 2),
    ("ga.jspm.io", 1),
    ("gcore.jsdelivr.net", 2),
    ("jspm.dev", 1),
    ("raw.githack.com", 2),
    ("rawcdn.githack.com", 2),
    ("rawgit.com", 2),
    ("s3.amazonaws.com", 1),
    ("storage.googleapis.com", 1),
    ("testingcf.jsdelivr.net", 2),
    ("unpkg.com", 1),
    ("wzrd.in", 2),
];

/// Domains below which everyone can have a name and serve scripts: a wildcard over one covers strangers.
const SHARED_DOMAINS: [&str; 42] = [
    "amazonaws.com",
    "amplifyapp.com",
    "appspot.com",
    "azureedge.net",
    "azurestaticapps.net",
    "azurewebsites.net",
    "b-cdn.net",
    "blob.core.windows.net",
    "blogspot.com",
    "bitbucket.io",
    "cloudfront.net",
    "cloudfunctions.net",
    "deno.dev",
    "digitaloceanspaces.com",
    "firebaseapp.com",
    "fly.dev",
    "github.io",
    "gitlab.io",
    "glitch.me",
    "googleapis.com",
    "herokuapp.com",
    "jsdelivr.net",
    "loca.lt",
    "myshopify.com",
    "netlify.app",
    "ngrok-free.app",
    "ngrok.io",
    "on.aws",
    "onrender.com",
    "pages.dev",
    "r2.dev",
    "railway.app",
    "repl.co",
    "run.app",
    "s3.amazonaws.com",
    "storage.googleapis.com",
    "surge.sh",
    "trycloudflare.com",
    "vercel.app",
    "web.app",
    "wixsite.com",
    "workers.dev",
];

/// Second levels that registries sell names below, as in `co.uk`.
const REGISTRY_LEVELS: [&str; 12] = ["ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ne", "net", "or", "org"];

/// Whether scripts of anyone can be had from this host and path.
pub(super) fn is_public(host: &str, path: &str) -> bool {
    let segments = path.split('/').filter(|segment| !segment.is_empty()).count();
    PUBLIC_HOSTS.iter().any(|(public, needed)| *public == host && segments < *needed)
}

/// Whether a wildcard below this domain covers hosts of strangers: a public suffix, or hosting for everyone.
pub(super) fn is_shared(domain: &str) -> bool {
    let mut labels = domain.split('.').rev();
    let (top, second, third) = (labels.next().unwrap_or_default(), labels.next(), labels.next());
    match second {
        None => true,
        Some(second) if third.is_none() && top.len() == 2 && REGISTRY_LEVELS.contains(&second) => true,
        Some(_) => SHARED_DOMAINS.contains(&domain) || PUBLIC_HOSTS.iter().any(|(host, _)| *host == domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_names_a_package_is_not_open_to_all() {
        assert!(is_public("unpkg.com", "") && is_public("cdn.jsdelivr.net", "/npm/"));
        assert!(!is_public("unpkg.com", "/react@18/") && !is_public("cdn.jsdelivr.net", "/npm/vue@3/"));
        assert!(!is_public("example.com", ""));
    }

    #[test]
    fn wildcards_over_suffixes_cover_strangers() {
        for domain in ["com", "co.uk", "com.au", "github.io", "jsdelivr.net"] {
            assert!(is_shared(domain), "{domain}");
        }
        for domain in ["example.com", "example.co.uk", "me.github.io", "co.com"] {
            assert!(!is_shared(domain), "{domain}");
        }
    }
}
