//! Names: who is asked, and what is remembered of the answers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolveHosts};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::{Clock, Pending};

/// Names that one sandbox has in its cache at most.
const MOST_NAMES: usize = 256;
/// Answers to one question that are looked at. More than this is no service but a flood.
const MOST_ANSWERS: usize = 64;

/// Asks for the addresses of a name.
pub trait Resolver: Send + Sync {
    /// Every address of `name`, which is lower case, punycode and without a final dot, and stands for the whole name: no
    /// search list, no hosts file.
    fn resolve<'a>(&'a self, name: &'a str) -> Pending<'a, std::io::Result<Vec<IpAddr>>>;
}

/// Asks the name servers of this machine (`/etc/resolv.conf`) itself. Its own cache is off: the one of [`super::Egress`] is the only one.
#[derive(Default)]
pub struct SystemResolver(OnceCell<TokioResolver>);

impl SystemResolver {
    async fn get(&self) -> std::io::Result<&TokioResolver> {
        let make = || async {
            let mut builder = tokio::task::spawn_blocking(TokioResolver::builder_tokio)
                .await
                .map_err(std::io::Error::other)?
                .map_err(std::io::Error::other)?;
            let options = builder.options_mut();
            options.use_hosts_file = ResolveHosts::Never;
            options.cache_size = 0;
            options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
            builder.build().map_err(std::io::Error::other)
        };
        self.0.get_or_try_init(make).await
    }
}

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Pending<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            // The final dot: the name is whole, and no search list applies.
            let found = self.get().await?.lookup_ip(format!("{name}.")).await;
            Ok(found.map_err(|error| std::io::Error::other(error.to_string()))?.iter().collect())
        })
    }
}

/// Answers of one name, and since when they are known. The lock is held while somebody asks, so that others wait for the
/// one answer.
type Entry = Arc<tokio::sync::Mutex<Option<(Instant, Vec<IpAddr>)>>>;

/// What one sandbox remembers. The time is the policy's; the record's own is not looked at.
pub(super) struct Cache {
    lasts: Duration,
    entries: Mutex<HashMap<String, Entry>>,
}

impl Cache {
    pub(super) fn new(lasts: Duration) -> Self {
        Self { lasts, entries: Mutex::default() }
    }

    /// The addresses of `name`, from the cache or by asking. A failure is not remembered.
    pub(super) async fn resolve(
        &self,
        resolver: &dyn Resolver,
        clock: &dyn Clock,
        name: &str,
    ) -> std::io::Result<Vec<IpAddr>> {
        let entry = self.entry(name);
        let mut known = entry.lock().await;
        if let Some((since, addresses)) = known.as_ref()
            && clock.now().saturating_duration_since(*since) < self.lasts
        {
            return Ok(addresses.clone());
        }
        *known = None;
        let addresses = resolver.resolve(name).await?;
        if addresses.is_empty() {
            return Err(std::io::Error::other("the name has no address"));
        }
        if addresses.len() > MOST_ANSWERS {
            return Err(std::io::Error::other(format!("the name has more than {MOST_ANSWERS} addresses")));
        }
        *known = Some((clock.now(), addresses.clone()));
        Ok(addresses)
    }

    fn entry(&self, name: &str) -> Entry {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(name) {
            return entry.clone();
        }
        if entries.len() >= MOST_NAMES {
            // A script that asks for so many names pays with look-ups, and what is being asked is kept by who asks.
            entries.clear();
        }
        entries.entry(name.to_owned()).or_default().clone()
    }
}
