//! Where the server may send anything on behalf of somebody: the rules, without a network. The sender asks them for the URL when it is
//! given, and for the address when it has been looked up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// What may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// Also private networks, this machine, plain http and any port. For installations whose receivers stand beside the server.
    pub private: bool,
}

/// Ports of public endpoints.
const PORTS: [u16; 2] = [443, 8443];

impl Reach {
    /// Reads the URL of an endpoint.
    ///
    /// # Errors
    /// Why it is not to be called, in words for who wrote it.
    pub fn endpoint(self, url: &str) -> Result<Uri, String> {
        let refuse = |text: &str| Err(format!("the endpoint {text}"));
        let Ok(uri) = url.parse::<Uri>() else { return refuse("is no URL") };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return refuse("is an absolute URL");
        };
        if !(scheme == "https" || scheme == "http" && self.private) {
            return refuse("is called by https only");
        }
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return refuse("names a host, and no user");
        }
        if url.contains('#') {
            return refuse("has no fragment");
        }
        let port = authority.port_u16().unwrap_or(443);
        if !self.private && !PORTS.contains(&port) {
            return refuse("has one of the ports 443 and 8443");
        }
        if literal(&uri).is_some_and(|ip| !self.address(ip)) {
            return refuse("is not at a public address");
        }
        Ok(uri)
    }

    /// Whether an address may be connected to.
    pub fn address(self, ip: IpAddr) -> bool {
        self.private || is_public(ip)
    }
}

/// The address that a URL has in place of a name.
pub fn literal(uri: &Uri) -> Option<IpAddr> {
    uri.host()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether an address is one of the public internet: none of IANA's special-purpose blocks, nor an IPv4 address in IPv6 clothes that is not
/// public itself.
///
/// Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and successors).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || a == 10
        || a == 127
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let embedded = |hi: u16, lo: u16| Ipv4Addr::from((u32::from(hi) << 16) | u32::from(lo));
    // Global unicast is 2000::/3; NAT64 and 6to4 lead on to an IPv4 address.
    match s {
        [0x64, 0xff9b, 0, 0, 0, 0, hi, lo] | [0x2002, hi, lo, ..] => is_public_v4(embedded(hi, lo)),
        // IETF protocol assignments (Teredo among them), documentation.
        [0x2001, b, ..] if b < 0x200 || b == 0xdb8 => false,
        [0x3fff, b, ..] if b < 0x1000 => false,
        [a, ..] => (a & 0xe000) == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1",
            "64:ff9b::808:808",
            "2002:808:808::",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn endpoints_are_public_https() {
        let strict = Reach::default();
        for url in [
            "http://a.example/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest",
            "https://u@a.example/",
            "https://u:p@a.example/",
            "https://a.example:22/",
            "https://a.example/#x",
            "ftp://a.example/",
            "a.example",
            "/x",
            "https://",
            "https://a example/",
            "",
        ] {
            assert!(strict.endpoint(url).is_err(), "{url}");
        }
        for url in ["https://a.example", "https://a.example/x?y=z", "https://a.example:8443/", "https://8.8.8.8/"] {
            assert!(strict.endpoint(url).is_ok(), "{url}");
        }
        let wide = Reach { private: true };
        for url in ["http://127.0.0.1:9000/x", "https://10.0.0.1/", "http://receiver.local:8080"] {
            assert!(wide.endpoint(url).is_ok(), "{url}");
        }
        for url in ["ftp://10.0.0.1/", "http://u@10.0.0.1/"] {
            assert!(wide.endpoint(url).is_err(), "{url}");
        }
    }
}
