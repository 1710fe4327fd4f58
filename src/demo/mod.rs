//! An invented county to try everything on: areas, cells, addresses, facilities, five years of incidents, a base map,
//! and planted truths that analyses must find.
//!
//! Pure and deterministic: the same `Plan` gives the same bytes. Nothing here is a real place or a real case; codes
//! stand under 99. Reading order: `world` (what comes out), `land` (where people live), `mesh` (street blocks),
//! `graph` and `divide` (who owns which block), `rings` and `areas` (outlines), `homes`, `services`, `cases`,
//! `basemap`, `files` (rows as the imports read them). Opening files and loading the database is left to `cli`.

mod areas;
mod basemap;
mod cases;
mod dice;
mod divide;
mod files;
mod graph;
mod homes;
mod land;
pub mod load;
mod mesh;
mod mixes;
mod names;
#[cfg(test)]
mod picture;
mod rings;
mod services;
#[cfg(test)]
mod tests;
mod truth;
mod world;

use chrono::NaiveDate;

pub use files::{FILES, File};
pub use load::{Counts, load};
pub use truth::{PlantedCluster, PlantedRise, ServiceGap, SilentCell, SizedCell, Totals, Truth};
pub use world::{Area, Cell, Facility, Feature, Household, Incident, Shape, World};

/// How large a place to invent; volumes are the averages of `DOMAIN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// One township: 43 cells, 12,800 households. For tests.
    Township,
    /// One county of 13 townships: 580 cells, 174,000 households. For development.
    County,
    /// A city of 8 counties: 4,900 cells, 1,480,000 households. For measuring; wants a release build.
    City,
}

impl Size {
    /// Households and cells, exactly.
    pub const fn volumes(self) -> (usize, usize) {
        match self {
            Self::Township => (12_800, 43),
            Self::County => (174_000, 580),
            Self::City => (1_480_000, 4_900),
        }
    }
}

/// What to invent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// How large.
    pub size: Size,
    /// Which place of that size.
    pub seed: u64,
    /// The last day of incidents; they go back five years from it.
    pub until: NaiveDate,
}

/// Invents a world.
///
/// `World::households` are addresses: about 2.4 households share one, so that a county has some 72,000 rows whose
/// `household_count` sums to 174,000.
pub fn generate(plan: &Plan) -> World {
    let land = land::Land::new(plan);
    let mesh = mesh::Mesh::new(&land);
    let division = divide::divide(&land, &mesh);
    let (areas, cells) = areas::rows(&land, &mesh, &division);
    let households = homes::rows(&land, &mesh, &division);
    let basemap = basemap::rows(&land, &mesh, &division);
    let (facilities, service_gaps) = services::rows(&land, &mesh, &division);
    let mut truth = Truth { seed: plan.seed, service_gaps, ..Truth::default() };
    let incidents = cases::rows(plan, &land, &mesh, &division, &households, &mut truth);
    for cell in cells.iter().filter(|c| c.kind == "general") {
        let sized = SizedCell { cell: cell.code, household_count: cell.household_count };
        match cell.household_count {
            0..200 => truth.under_size.push(sized),
            501.. => truth.over_size.push(sized),
            _ => {}
        }
    }
    truth.totals = Totals {
        areas: areas.len(),
        cells: cells.len(),
        addresses: households.len(),
        households: households.iter().map(|h| u64::from(h.household_count)).sum(),
        facilities: facilities.len(),
        incidents: incidents.len(),
    };
    World { areas, cells, households, facilities, incidents, basemap, truth }
}
