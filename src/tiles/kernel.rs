//! The kernel of the layer `heat`: how far an incident is felt, how wide its bins are, and what the style multiplies.
//!
//! The density at a place is Σ wᵢ K(dᵢ), the sum over the points of a tile, with
//!
//! K(d) = 9 / (2π h²) · exp(−4.5 d² / h²)
//!
//! * `h` – bandwidth in km on the ground: three standard deviations of the Gaussian; what MapLibre calls the radius
//! * `d` – km on the ground from the point
//! * `w` – weight of the point: incidents for a density per km²; for a rate incidents × 1,000 over the density of
//!   households around them, for a number per 1,000 households
//!
//! Bins are squares of one grid of the world, the same at every zoom, so that the density at a place is the same at every
//! zoom from which it is reckoned.

use crate::mvt::World;
use crate::read_model::HEAT_REACH_M;

/// How far out an incident is felt: metres on the ground at which its kernel has fallen to 1.1 % of its height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bandwidth(u16);

/// What heat is measured by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Per {
    /// Incidents per km².
    #[default]
    Km2,
    /// Incidents per 1,000 households.
    Households,
}

impl Default for Bandwidth {
    /// 800 m: the walk of the 15-minute circle.
    fn default() -> Self {
        Self(800)
    }
}

/// Bandwidths that can be asked for, metres.
const ALLOWED_M: std::ops::RangeInclusive<u16> = 200..=3_000;
/// Beyond so many bandwidths nothing of an incident is reckoned: exp(−4.5 · 1.5²), 0.004 % of its height, is left there.
const REACH: f64 = 1.5;
/// The rows of this zoom's tiles share one latitude for the style's radius: within 0.5 % between 55° N and 55° S.
const BAND_ZOOM: u32 = 9;
/// Pixels along one side of a tile, as MapLibre draws vector tiles.
const TILE_PX: f64 = 512.0;

impl Bandwidth {
    /// Whole metres within what is allowed.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|metres| ALLOWED_M.contains(metres)).map(Self)
    }

    /// What may be asked for, in words.
    pub fn allowed() -> String {
        format!("bandwidth_m takes whole metres from {} to {}", ALLOWED_M.start(), ALLOWED_M.end())
    }

    /// Metres.
    pub fn metres(self) -> f64 {
        f64::from(self.0)
    }

    /// Metres beyond which nothing is reckoned.
    pub fn reach_m(self) -> f64 {
        REACH * self.metres()
    }

    /// Bins are 2^this world units a side: the widest that are at most a quarter of the bandwidth at every latitude.
    pub fn bin_shift(self) -> u32 {
        let equator = World { x: 0, y: 1 << 31 };
        (self.metres() / 4.0 / equator.unit_m()).log2().floor() as u32
    }

    /// The last zoom whose tiles MapLibre takes with their buffer, which may be one tile wide, down to 55° of latitude.
    pub fn max_zoom(self) -> u8 {
        let at = World::from_lon_lat(0.0, 55.0);
        let widest = |z: u8| at.unit_m() * 2_f64.powi(32 - i32::from(z));
        (0..=14).rev().find(|&z| widest(z) >= self.reach_m() + self.metres() / 2.0).unwrap_or(0)
    }
}

impl Per {
    /// Reads the word of the address.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Km2, Self::Households].into_iter().find(|per| per.name() == text)
    }

    /// The word of the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Km2 => "km2",
            Self::Households => "households",
        }
    }
}

/// The band of latitude of a position, a row of tiles of zoom 9.
pub(super) const fn band(y: u32) -> u32 {
    y >> (32 - BAND_ZOOM)
}

/// A position in the middle of a band.
const fn middle(band: u32) -> World {
    World { x: 0, y: (band << (32 - BAND_ZOOM)) + (1 << (31 - BAND_ZOOM)) }
}

/// Metres on the ground that a world unit is long in a band.
pub(super) fn unit_m(band: u32) -> f64 {
    middle(band).unit_m()
}

/// The bandwidth in pixels of zoom 0 in a band; it doubles with each zoom.
pub(super) fn radius_z0_px(bandwidth: Bandwidth, band: u32) -> f64 {
    let units = bandwidth.metres() / unit_m(band);
    // five figures: enough for any screen, and the same text in every tile
    let px = units / 2_f64.powi(32) * TILE_PX;
    let scale = 10_f64.powi(4 - px.log10().floor() as i32);
    (px * scale).round() / scale
}

/// The height of the kernel of weight 1, per km².
pub(super) fn height_per_km2(bandwidth: Bandwidth) -> f64 {
    let km = bandwidth.metres() / 1_000.0;
    9.0 / (std::f64::consts::TAU * km * km)
}

const _: () = assert!(REACH * 3_000.0 + 1_300.0 < HEAT_REACH_M, "stamps mark what the widest kernel reaches, and two of its bins");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_at_most_a_quarter_of_the_bandwidth_on_the_ground_and_no_finer_than_need_be() {
        for metres in [200, 333, 800, 801, 1_500, 3_000] {
            let shift = Bandwidth(metres).bin_shift();
            for lat in [0.0, 18.2, 30.0, 53.5] {
                let side_m = World::from_lon_lat(0.0, lat).unit_m() * f64::from(1_u32 << shift);
                assert!(side_m <= f64::from(metres) / 4.0, "{metres} m at {lat}°: {side_m}");
            }
            assert!(World { x: 0, y: 1 << 31 }.unit_m() * f64::from(1_u32 << (shift + 1)) > f64::from(metres) / 4.0);
        }
        assert_eq!(Bandwidth::default().bin_shift(), 14);
    }

    #[test]
    fn the_radius_at_zoom_14_is_the_bandwidth_in_pixels_of_that_latitude() {
        let at = World::from_lon_lat(120.0, 29.4);
        let px_m = at.unit_m() * 2_f64.powi(32 - 14) / TILE_PX;
        let radius_px = radius_z0_px(Bandwidth::default(), band(at.y)) * 2_f64.powi(14);
        assert!((radius_px * px_m / 800.0 - 1.0).abs() < 0.005, "{radius_px} px");
    }

    #[test]
    fn a_bandwidth_is_whole_metres_within_limits() {
        assert_eq!(Bandwidth::parse("800"), Some(Bandwidth::default()));
        for bad in ["", "199", "3001", "800.5", "-800", "99999"] {
            assert_eq!(Bandwidth::parse(bad), None, "{bad}");
        }
        assert_eq!([200, 800, 3_000].map(|m| Bandwidth(m).max_zoom()), [14, 13, 11]);
    }
}
