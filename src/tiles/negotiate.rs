//! Which encoding a client gets, and the compressing itself.

use std::io::Write as _;

/// How the body of a tile is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// gzip
    Gzip,
    /// Brotli
    Brotli,
    /// Zstandard
    Zstd,
}

impl Encoding {
    /// The name in `Content-Encoding`; none for identity.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// The encoding a client likes best by `Accept-Encoding`; of equals the one that costs least to make.
    pub fn best(accept: &str) -> Self {
        match accept {
            // what browsers send, with TLS and without
            "gzip, deflate, br, zstd" => return Self::Zstd,
            "gzip, deflate" | "gzip" => return Self::Gzip,
            "" => return Self::Identity,
            _ => {}
        }
        let quality = |name: &str| -> f32 {
            let mut star = 0.0;
            for part in accept.split(',') {
                let mut words = part.split(';').map(str::trim);
                let token = words.next().unwrap_or("");
                let q = words.find_map(|w| w.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
                if token.eq_ignore_ascii_case(name) {
                    return q;
                }
                if token == "*" {
                    star = q;
                }
            }
            star
        };
        let mut best = (Self::Identity, 0.0);
        for encoding in [Self::Zstd, Self::Gzip, Self::Brotli] {
            let q = encoding.name().map_or(0.0, quality);
            if q > best.1 {
                best = (encoding, q);
            }
        }
        best.0
    }

    /// The packed bytes; equal bytes in, equal bytes out.
    pub fn pack(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(bytes.to_vec()),
            Self::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 2), flate2::Compression::new(1));
                out.write_all(bytes)?;
                out.finish()
            }
            Self::Brotli => {
                let mut out = Vec::with_capacity(bytes.len() / 2);
                let params = brotli::enc::BrotliEncoderParams { quality: 3, ..Default::default() };
                brotli::BrotliCompress(&mut &*bytes, &mut out, &params)?;
                Ok(out)
            }
            Self::Zstd => zstd::bulk::compress(bytes, 3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_decides_and_of_equals_the_cheapest_is_taken() {
        for (accept, encoding) in [
            ("", Encoding::Identity),
            ("gzip, deflate, br, zstd", Encoding::Zstd),
            ("gzip, deflate, br", Encoding::Gzip),
            ("gzip;q=0.5, br;q=0.9", Encoding::Brotli),
            ("gzip;q=0, *;q=0.1", Encoding::Zstd),
            ("identity", Encoding::Identity),
            ("gzip;q=0", Encoding::Identity),
        ] {
            assert_eq!(Encoding::best(accept), encoding, "{accept}");
        }
    }
}
