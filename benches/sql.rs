//! The same tiles as PostGIS makes them: `ST_AsMVT` with the layers, attributes and scopes of `tiles::encode`.
//!
//! $1 z, $2 x, $3 y, $4 the day; the scope is written into the statement as a set of ranges, so that the index on the
//! place is used. (Under row level security it is not: `&&` may not run before the policy.)

/// Statements of the layers for a scope.
pub(crate) struct Statements {
    pub(crate) households: String,
    pub(crate) household_bins: String,
    pub(crate) cells: String,
    pub(crate) facilities: String,
    pub(crate) incidents: String,
}

const BOX: &str =
    "with b as (select ST_TileEnvelope($1, $2, $3) as edge, ST_Transform(ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096), 4326) as around)";
const PLACE: &str = "ST_AsMVTGeom(ST_Transform(t.geom, 3857), b.edge, 4096, 64, true) as geom";
const IN_FORCE: &str = "t.valid_from <= $4 and (t.valid_to is null or t.valid_to > $4)";

impl Statements {
    /// `scope`: a condition on `t.scope_code`.
    pub(crate) fn new(scope: &str) -> Self {
        let households = format!(
            "{BOX} select ST_AsMVT(q, 'households', 4096, 'geom', 'household_id') from (
               select t.household_id, t.household_count, t.dwelling_kind, t.population_band, {PLACE}
                 from households t, b where t.geom && b.around and {scope} and {IN_FORCE}) q where geom is not null"
        );
        // bins of 1/64 of a tile, by the formula of the projection: quicker than ST_Transform for each point
        let household_bins = format!(
            "with b as (select ST_Transform(ST_TileEnvelope($1, $2, $3), 4326) as around)
             select ST_AsMVT(q, 'households', 4096, 'geom') from (
               select count(*) as count, sum(household_count)::bigint as household_count, ST_MakePoint(i % 64 * 64 + 32, j % 64 * 64 + 32) as geom
                 from (select floor((ST_X(t.geom) + 180) / 360 * side)::bigint as i,
                              floor((0.5 - ln((1 + sin(radians(ST_Y(t.geom)))) / (1 - sin(radians(ST_Y(t.geom))))) / (4 * pi())) * side)::bigint as j, household_count
                         from households t, b, lateral (select 64 * 2.0::float8 ^ $1::integer as side) s
                        where t.geom && b.around and {scope} and {IN_FORCE}) p
                where i / 64 = $2 and j / 64 = $3 group by i, j) q"
        );
        let cells = format!(
            "{BOX} select ST_AsMVT(q, 'cells', 4096, 'geom', 'fid') from (
               select t.code as fid, t.code::text as code, 15 as level, t.name_zh as name, t.name_zh, nullif(t.name_en, '') as name_en, t.short_name, t.kind,
                      n.household_count, n.address_count, round(t.area_m2)::bigint as area_m2, round(n.household_count * 1000000 / t.area_m2) / 100 as density,
                      n.facility_count, {PLACE}
                 from cells t join bench.cell_counts n on n.code = t.code, b
                where t.geom && b.around and {scope} and {IN_FORCE}) q where geom is not null"
        );
        let facilities = format!(
            "{BOX} select ST_AsMVT(q, 'facilities', 4096, 'geom', 'fid') from (
               select t.facility_id as fid, t.facility_id as id, t.kind, t.name_zh as name, nullif(t.name_en, '') as name_en, {PLACE}
                 from facilities t, b where t.geom && b.around and {scope} and {IN_FORCE}) q where geom is not null"
        );
        let place = PLACE.replace("t.geom", "p.geom");
        let incidents = format!(
            "{BOX} select ST_AsMVT(q, 'incidents', 4096, 'geom', 'id') from (
               select t.id, t.category, t.state, t.source, t.risk_level, {place}
                 from safe_places p join incidents t on t.safe_place_id = p.id, b
                where p.geom && b.around and {scope} and $4::date is not null) q where geom is not null"
        );
        Self { households, household_bins, cells, facilities, incidents }
    }
}
