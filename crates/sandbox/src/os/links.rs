//! Addresses of this machine's interfaces, with the prefix that lies on the link of each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Every address of an interface and the length of its on-link prefix: getifaddrs(3).
pub(crate) fn addresses() -> std::io::Result<Vec<(IpAddr, u32)>> {
    let mut head: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: the call writes a pointer to a list that freeifaddrs releases below.
    if unsafe { libc::getifaddrs(&raw mut head) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut at = head;
    while !at.is_null() {
        // SAFETY: `at` is an entry of the list, which lives until freeifaddrs; address and netmask are null or point to a
        // sockaddr whose family says how long it is.
        let (address, mask, next) = unsafe { (read((*at).ifa_addr), read((*at).ifa_netmask), (*at).ifa_next) };
        if let Some(address) = address {
            let whole = if address.is_ipv4() { 32 } else { 128 };
            found.push((address, mask.map_or(whole, ones)));
        }
        at = next;
    }
    // SAFETY: `head` came from getifaddrs and is not used again.
    unsafe { libc::freeifaddrs(head) };
    Ok(found)
}

/// # Safety
/// `address` is null or points to a sockaddr of the size of its family.
unsafe fn read(address: *const libc::sockaddr) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    unsafe {
        match i32::from((*address).sa_family) {
            libc::AF_INET => {
                let v4 = address.cast::<libc::sockaddr_in>().read_unaligned();
                Some(Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr)).into())
            }
            libc::AF_INET6 => {
                let v6 = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(Ipv6Addr::from(v6.sin6_addr.s6_addr).into())
            }
            _ => None,
        }
    }
}

fn ones(mask: IpAddr) -> u32 {
    match mask {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn loopback_is_among_them() {
        let found = super::addresses().expect("getifaddrs");
        // A machine without any interface has nothing to find.
        assert!(found.is_empty() || found.iter().any(|(address, _)| address.is_loopback()), "{found:?}");
        assert!(found.iter().all(|(address, bits)| *bits <= if address.is_ipv4() { 32 } else { 128 }));
    }
}
