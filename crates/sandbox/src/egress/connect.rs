//! Connections to checked addresses, and which addresses are this machine's own.

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};

use super::Pending;

/// Bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that was made.
pub struct Connection {
    /// Its bytes.
    pub stream: Box<dyn Stream>,
    /// The address of this end, if it is known: a connection whose ends have one address leads to this machine.
    pub local: Option<IpAddr>,
    /// The address of the other end as the system sees it, if it is known.
    pub peer: Option<IpAddr>,
}

/// Makes connections. It is only told addresses that were checked.
pub trait Connector: Send + Sync {
    /// A connection to this address and no other.
    fn connect(&self, address: SocketAddr) -> Pending<'_, std::io::Result<Connection>>;
}

/// TCP of this machine.
pub struct SystemConnector;

impl Connector for SystemConnector {
    #[expect(clippy::disallowed_methods, reason = "the one place of the crate that connects to somewhere")]
    fn connect(&self, address: SocketAddr) -> Pending<'_, std::io::Result<Connection>> {
        Box::pin(async move {
            let stream = tokio::net::TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (local, peer) = (stream.local_addr()?.ip(), stream.peer_addr()?.ip());
            Ok(Connection { stream: Box::new(stream), local: Some(local), peer: Some(peer) })
        })
    }
}

/// An address of an interface of this machine, and how many bits of it are common to its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub address: IpAddr,
    /// Length of the prefix that lies on the link.
    pub bits: u32,
}

/// Shortest prefix that is taken for a link. A shorter one is how tunnels say that everything goes through them; then only
/// the address itself is this machine's.
const SHORTEST: (u32, u32) = (8, 16);

impl Link {
    /// Whether `other` is this address or on its link.
    #[must_use]
    pub fn holds(&self, other: IpAddr) -> bool {
        let common = match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            _ => return false,
        };
        let shortest = if self.address.is_ipv4() { SHORTEST.0 } else { SHORTEST.1 };
        self.address == other || (self.bits >= shortest && common >= self.bits)
    }
}

/// Says which addresses this machine has now.
pub trait Links: Send + Sync {
    /// Every address of every interface.
    ///
    /// # Errors
    /// When the system does not say; then nothing is connected to.
    fn links(&self) -> std::io::Result<Vec<Link>>;
}

/// The interfaces of this machine, asked anew each time: they change.
pub struct SystemLinks;

impl Links for SystemLinks {
    fn links(&self) -> std::io::Result<Vec<Link>> {
        Ok(crate::os::links::addresses()?.into_iter().map(|(address, bits)| Link { address, bits }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_its_address_and_its_prefix() {
        let link = |text: &str, bits| Link { address: text.parse().expect(text), bits };
        for (link, inside, outside) in [
            (link("93.184.216.34", 24), "93.184.216.255", "93.184.217.0"),
            (link("93.184.216.34", 32), "93.184.216.34", "93.184.216.35"),
            (link("93.184.216.34", 0), "93.184.216.34", "93.184.216.35"),
            (link("2a00:1450:4001:81b::1", 64), "2a00:1450:4001:81b:ffff::", "2a00:1450:4001:81c::"),
            (link("2a00:1450:4001:81b::1", 3), "2a00:1450:4001:81b::1", "2a00:1450:4001:81b::2"),
            (link("93.184.216.34", 24), "93.184.216.1", "::ffff:93.184.216.1"),
        ] {
            assert!(link.holds(inside.parse().expect(inside)), "{inside}");
            assert!(!link.holds(outside.parse().expect(outside)), "{outside}");
        }
    }
}
