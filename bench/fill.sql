-- An invented ground of stated size in a migrated, empty database: psql -v scale=1 -f bench/fill.sql (superuser).
-- scale 1: 5,041 cells of some 1 km² (71 × 71, 32 corners each), 1,000,000 addresses, 20,000 facilities, 300,000
-- incidents at 20,164 safe places. Rows per km² are the same at every scale. Checks of borders are left out while cells
-- are written (they would take minutes and are not what is measured); the feed's triggers fire.
\set ON_ERROR_STOP on
\set QUIET on
set synchronous_commit = off;
set maintenance_work_mem = '256MB';
begin;
set local session_replication_role = replica;

create schema if not exists bench;

-- A smooth bend of the plane: whole numbers are the corners of cells.
create function bench.place(u double precision, v double precision) returns geometry language sql immutable parallel safe as $$
  select ST_SetSRID(ST_MakePoint(
    round((120 + 0.0104 * (u + 0.12 * sin(5.1 * v + 0.7 * u)))::numeric, 7)::float8,
    round((29 + 0.009 * (v + 0.12 * sin(4.3 * u + 0.9 * v)))::numeric, 7)::float8), 4326)
$$;

-- The code of the cell at column i, row j: townships of 8 × 8 cells, villages of 2 × 2.
create function bench.code(i integer, j integer, townships integer) returns bigint language sql immutable parallel safe as $$
  select 990321000000000
       + ((i / 8) * townships + j / 8 + 1) * 1000000::bigint
       + ((i % 8) / 2 * 4 + (j % 8) / 2 + 1) * 1000::bigint
       + (i % 2) * 2 + j % 2 + 1
$$;

create table bench.size as
select s.side, (s.side + 7) / 8 as townships, (1000000 * s.scale)::bigint as households, (20000 * s.scale)::bigint as facilities,
       (300000 * s.scale)::bigint as incidents, greatest(2, round(20 * s.scale))::integer as towns
  from (select :scale::float8 as scale, round(sqrt(5000 * :scale::float8))::integer as side) s;

insert into areas (code_lo, level, name_zh, name_en)
select distinct lo, level, '第 ' || lo || ' 区', 'Area ' || lo
  from bench.size s, generate_series(0, s.side - 1) i, generate_series(0, s.side - 1) j,
       lateral (values (990321000000000::bigint, 6::smallint),
                       (bench.code(i, j, s.townships) / 1000000 * 1000000, 9),
                       (bench.code(i, j, s.townships) / 1000 * 1000, 12)) a (lo, level);

insert into cells (code, valid_from, name_zh, name_en, short_name, geom, area_m2)
select bench.code(i, j, s.townships), date '2020-01-01', format('第 %s 网格', i * 1000 + j), '', format('%s-%s', i, j), shape, ST_Area(shape::geography)
  from bench.size s, generate_series(0, s.side - 1) i, generate_series(0, s.side - 1) j,
       lateral (select ST_Multi(ST_MakePolygon(ST_MakeLine(corner order by k))) as shape
                  from (select k, case k / 8 when 0 then bench.place(i + k % 8 / 8.0, j)
                                             when 1 then bench.place(i + 1, j + k % 8 / 8.0)
                                             when 2 then bench.place(i + 1 - k % 8 / 8.0, j + 1)
                                             when 3 then bench.place(i, j + 1 - k % 8 / 8.0)
                                             else bench.place(i, j) end as corner
                          from generate_series(0, 32) k) c) shapes;

-- Two rows in five lie in towns, the others anywhere; rows come village by village, as files do.
do $$ begin perform setseed(0.42); end $$;
create temp table town as
select n, random() * side as u, random() * side as v from bench.size, generate_series(1, towns) n;

create temp table spot as
select r.kind, r.n, case when r.in_town then least(greatest(t.u + a, 0), s.side - 0.0001) else s.side * x end as u,
       case when r.in_town then least(greatest(t.v + b, 0), s.side - 0.0001) else s.side * y end as v
  from bench.size s,
       lateral (select k.kind, g as n, random() < 0.4 as in_town, 1 + g % s.towns as town, 3 * (random() + random() + random() - 1.5) as a,
                       3 * (random() + random() + random() - 1.5) as b, random() as x, random() as y
                  from (values ('household', s.households), ('facility', s.facilities)) k (kind, many), generate_series(1, k.many) g) r
  join town t on t.n = r.town;

insert into households (valid_from, scope_code, geom, household_count, population_band, dwelling_kind, address)
select date '2020-01-01', code, bench.place(u, v), 1 + n * 7919 % 30,
       (array['p1_4', 'p5_9', 'p10_49', 'p50_199', 'p200_plus'])[1 + n * 31 % 5], (array['apartment', 'house', 'mixed', 'dormitory'])[1 + n * 17 % 4],
       format('幸福路 %s 号', n)
  from bench.size s, lateral (select *, bench.code(floor(u)::integer, floor(v)::integer, s.townships) as code from spot where kind = 'household') p
 order by code, n;

insert into facilities (valid_from, scope_code, kind, name_zh, name_en, geom)
select date '2020-01-01', bench.code(floor(u)::integer, floor(v)::integer, s.townships), format('F%s', lpad((1 + n % 29)::text, 2, '0')),
       format('第 %s 设施', n), case when n % 3 = 0 then format('Facility %s', n) else '' end, bench.place(u, v)
  from bench.size s, spot where kind = 'facility';

insert into safe_places (cell_code, cell_valid_from, kind, geom, address_count, scope_code)
select code, date '2020-01-01', 'group', bench.place(i + 0.1 + 0.8 * random(), j + 0.1 + 0.8 * random()), 50, code
  from bench.size s, generate_series(0, s.side - 1) i, generate_series(0, s.side - 1) j, generate_series(1, 4) k,
       lateral (select bench.code(i, j, s.townships) as code) c;

insert into incidents (category, source, state, occurred_on, discovered_on, scope_code, safe_place_id, risk_level)
select lpad((1 + n % 18)::text, 2, '0'), (array['screening', 'walk_in', 'hotline_12345', 'petition'])[1 + n % 4],
       (array['registered', 'accepted', 'in_process', 'closed'])[1 + n / 4 % 4], date '2021-01-01' + (n % 1800)::integer,
       date '2021-01-01' + (n % 1800)::integer, p.scope_code, p.id, (array['blue', 'yellow', 'orange', 'red'])[1 + n / 16 % 4]
  from bench.size s, generate_series(1, s.incidents) n
  join safe_places p on p.id = 1 + n * 7919 % (select count(*) from safe_places);

-- What a tile server over SQL would keep beside its cells, so that a tile need not count.
create table bench.cell_counts as
select c.code, coalesce(h.household_count, 0) as household_count, coalesce(h.address_count, 0) as address_count, coalesce(f.facility_count, 0) as facility_count
  from cells c
  left join (select scope_code, sum(household_count)::bigint as household_count, count(*) as address_count from households group by 1) h on h.scope_code = c.code
  left join (select scope_code, count(*) as facility_count from facilities group by 1) f on f.scope_code = c.code;
alter table bench.cell_counts add primary key (code);
-- Memory needs neither; SQL could not make tiles of incidents without them.
create index bench_safe_places_geom on safe_places using gist (geom);
create index bench_incidents_safe_place on incidents (safe_place_id);
commit;
vacuum analyze;
select 'cells' as rows, count(*) from cells union all select 'households', count(*) from households
union all select 'facilities', count(*) from facilities union all select 'safe places', count(*) from safe_places union all select 'incidents', count(*) from incidents;
