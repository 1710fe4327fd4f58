//! The one table of roles and rights. Everything else asks it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person is, in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Role {
    /// 网格管理员: cases of the own area.
    Supervisor,
    /// 承办单位: cases sent to it.
    Unit,
    /// 综治中心: dispatch, cases of the area.
    Centre,
    /// 规划人员: cells and scenarios.
    Planner,
    /// 领导/部门: published numbers.
    Official,
    /// 系统管理员: settings, imports, jobs; no cases.
    System,
    /// 安全管理员: accounts and grants.
    Security,
    /// 审计员: the audit trail only.
    Auditor,
}

/// What a role lets one do. The name is the key in `maplebridge.scopes`, which the policies read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// See areas, cells, facilities and sums on the map.
    Map,
    /// See single addresses.
    Households,
    /// See the cases of the area.
    Cases,
    /// See published incident numbers.
    Published,
    /// Publish incident numbers, without reading any case.
    Publish,
    /// Make, change and retire areas.
    WriteAreas,
    /// Make, change and retire cells.
    WriteCells,
    /// Make, change and retire addresses.
    WriteHouseholds,
    /// Make, change and retire facilities.
    WriteFacilities,
    /// Register cases and move them on.
    WriteIncidents,
    /// Bring cases in from files, without reading any.
    ImportIncidents,
    /// Import files, see jobs.
    Imports,
    /// Change settings and code lists.
    Settings,
    /// Manage accounts and grants.
    Users,
    /// Read the audit trail.
    Audit,
}

impl Right {
    /// The key in `maplebridge.scopes`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Households => "households",
            Self::Cases => "cases",
            Self::Published => "published",
            Self::Publish => "publish",
            Self::WriteAreas => "write_areas",
            Self::WriteCells => "write_cells",
            Self::WriteHouseholds => "write_households",
            Self::WriteFacilities => "write_facilities",
            Self::WriteIncidents => "write_incidents",
            Self::ImportIncidents => "import_incidents",
            Self::Imports => "imports",
            Self::Settings => "settings",
            Self::Users => "users",
            Self::Audit => "audit",
        }
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] =
        [Self::Supervisor, Self::Unit, Self::Centre, Self::Planner, Self::Official, Self::System, Self::Security, Self::Auditor];

    /// The name used in JSON, in the database and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Unit => "unit",
            Self::Centre => "centre",
            Self::Planner => "planner",
            Self::Official => "official",
            Self::System => "system",
            Self::Security => "security",
            Self::Auditor => "auditor",
        }
    }

    /// Reads a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether the role is only held for the whole system.
    pub const fn is_everywhere(self) -> bool {
        matches!(self, Self::Security | Self::Auditor)
    }

    /// Whether who holds it works on the cases of the area: such staff are told published numbers from three up.
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Supervisor | Self::Unit | Self::Centre)
    }

    /// What the role lets one do, inside the area of its grant.
    ///
    /// A unit's cases are not listed: they follow from the unit, not from the area.
    pub const fn rights(self) -> &'static [Right] {
        use Right::{
            Audit, Cases, Households, ImportIncidents, Imports, Map, Publish, Published, Settings, Users, WriteAreas, WriteCells, WriteFacilities,
            WriteHouseholds, WriteIncidents,
        };
        match self {
            Self::Supervisor | Self::Centre => &[Map, Households, Cases, Published, WriteHouseholds, WriteFacilities, WriteIncidents],
            Self::Unit | Self::Official => &[Map, Published],
            Self::Planner => &[Map, Households, Published, WriteCells],
            Self::System => &[Map, Households, WriteAreas, WriteCells, WriteHouseholds, WriteFacilities, ImportIncidents, Imports, Publish, Settings],
            Self::Security => &[Users],
            Self::Auditor => &[Audit],
        }
    }
}
