//! The way of every request and socket: policy, look-up, check, connection, in this order and no other.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use electrolint_policy::manifest::Block;
use electrolint_policy::policy::Policy;
use electrolint_policy::{Api, Denied, Target};
use tokio::sync::Semaphore;
use url::Host;

use super::connect::{Link, Stream};
use super::dns::Cache;
use super::{Egress, NetworkError};

/// How long one address of several may take before the next one is tried.
const ONE_ADDRESS: Duration = Duration::from_secs(3);

/// What is done about a host that `network.hosts` does not list, and about arguments that do not fit their schema.
///
/// Addresses, schemes, ports, permissions and containment have no report mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It is refused.
    #[default]
    Enforce,
    /// It is let through, and told to [`crate::Event::Reported`].
    Report,
}

/// Told of what [`Mode::Report`] lets through.
pub(crate) type Reporter = Arc<dyn Fn(Denied) + Send + Sync>;

/// Egress of one sandbox: its policy, its look-ups, its counts.
pub struct Guard {
    policy: Policy,
    pub(super) egress: Egress,
    cache: Cache,
    pub(super) requests: Arc<Semaphore>,
    pub(super) sockets: Arc<Semaphore>,
    reporter: Option<Reporter>,
}

impl Guard {
    /// What `policy` allows of `egress`.
    #[must_use]
    pub fn new(policy: Policy, egress: Egress) -> Self {
        let permits = |number: u32| Arc::new(Semaphore::new(number as usize));
        Self {
            cache: Cache::new(policy.network.dns_cache),
            requests: permits(policy.network.request_max_concurrent),
            sockets: permits(policy.network.websocket_max_concurrent),
            policy,
            egress,
            reporter: None,
        }
    }

    /// The same in [`Mode::Report`].
    #[must_use]
    pub(crate) fn reporting(mut self, reporter: Reporter) -> Self {
        self.reporter = Some(reporter);
        self
    }

    pub(crate) fn network(&self) -> &electrolint_policy::policy::Network {
        &self.policy.network
    }

    /// Judges a URL by itself. Nothing is looked up.
    ///
    /// # Errors
    /// [`NetworkError::Refused`].
    pub fn check(&self, url: &str, api: Api) -> Result<Target, NetworkError> {
        let (target, unlisted) = self.policy.judge_url(url, api)?;
        match (unlisted, &self.reporter) {
            (None, _) => {}
            (Some(denied), Some(reporter)) => reporter(denied),
            (Some(denied), None) => return Err(denied.into()),
        }
        Ok(target)
    }

    /// Looks the host up, checks every answer, connects to one of them, and makes the connection secure if the scheme says
    /// so. The caller sets the limit of time.
    pub(super) async fn connect(&self, target: &Target) -> Result<Box<dyn Stream>, NetworkError> {
        let host = target.host().ok_or_else(|| NetworkError::Request("a URL without host".into()))?;
        let addresses = match host {
            Host::Ipv4(address) => vec![IpAddr::from(*address)],
            Host::Ipv6(address) => vec![IpAddr::from(*address)],
            Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                let (resolver, clock) = (&*self.egress.resolver, &*self.egress.clock);
                let found = self.cache.resolve(resolver, clock, name).await;
                found.map_err(NetworkError::failed("look the host up"))?
            }
        };
        let is_literal = !matches!(host, Host::Domain(_));
        self.check_addresses(&addresses, is_literal)?;
        let plain = self.connect_to_one(&addresses, target.port()).await?;
        match target.url().scheme() {
            "https" | "wss" => self.egress.tls.connect(plain, host).await,
            _ => Ok(plain),
        }
    }

    /// One forbidden answer refuses all: who can add an answer decides which one is used.
    fn check_addresses(&self, addresses: &[IpAddr], is_literal: bool) -> Result<(), NetworkError> {
        let links = match self.policy.network.block {
            Block::None => Vec::new(),
            Block::Private => {
                self.egress.links.links().map_err(NetworkError::failed("see which addresses are this machine's own"))?
            }
        };
        for address in addresses {
            if let Err(denied) = self.policy.check_address(*address) {
                let reason = if is_literal { denied.reason } else { "an address of the host is not public".into() };
                return Err(NetworkError::Refused { rule: denied.rule, reason });
            }
            if is_own(&links, *address) {
                let reason = "an address of the host is this machine's, or on a link of it".into();
                return Err(NetworkError::Refused { rule: "own-address".into(), reason });
            }
        }
        Ok(())
    }

    async fn connect_to_one(&self, addresses: &[IpAddr], port: u16) -> Result<Box<dyn Stream>, NetworkError> {
        let mut last = NetworkError::Failed { step: "connect", error: "the host has no address".into() };
        for (index, address) in addresses.iter().enumerate() {
            let connecting = self.egress.connector.connect(SocketAddr::new(*address, port));
            let connection = if index + 1 == addresses.len() {
                connecting.await
            } else {
                tokio::time::timeout(ONE_ADDRESS, connecting).await.unwrap_or_else(|_| {
                    Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "the address does not answer"))
                })
            };
            match connection {
                Ok(connection) => {
                    // Whatever the table of routes made of a checked address: two ends with one address are this machine.
                    if self.policy.network.block == Block::Private
                        && connection.local.is_some()
                        && connection.local == connection.peer
                    {
                        let reason = "the connection leads to this machine".into();
                        return Err(NetworkError::Refused { rule: "own-address".into(), reason });
                    }
                    return Ok(connection.stream);
                }
                Err(error) => last = NetworkError::Failed { step: "connect", error: error.kind().to_string() },
            }
        }
        Err(last)
    }
}

fn is_own(links: &[Link], address: IpAddr) -> bool {
    links.iter().any(|link| link.holds(address))
}
