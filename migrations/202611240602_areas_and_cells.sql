-- Areas nest by code; cells are versions of the smallest unit. Everything that may not overlap is checked here,
-- under one lock a county, so that two sessions can never both be right.

create table areas (
  id bigint generated always as identity primary key,
  code_lo bigint not null check (code_lo between 10000000000000 and 999999999999999),
  level smallint not null check (level in (2, 4, 6, 9, 12)),
  code_hi bigint not null generated always as (code_lo + (10::numeric ^ (15 - level))::bigint) stored,
  scope_code bigint not null generated always as (code_lo) stored,
  name_zh text not null check (length(name_zh) between 1 and 60),
  name_en text not null default '' check (length(name_en) <= 120),
  urban_rural_class text,
  geom geometry(MultiPolygon, 4326),
  origin text not null default '',
  origin_key text,
  job_id text,
  version integer not null default 1,
  constraint areas_code_unique unique (code_lo, level),
  constraint areas_code_fits_level check (code_lo % (10::numeric ^ (15 - level))::bigint = 0)
);
comment on table areas is 'One row an administrative area: province, city, county, township (street), village (community)';
comment on column areas.id is 'Key of the row in feed and tiles';
comment on column areas.code_lo is 'Area code on the 15-digit scale: the smallest number inside';
comment on column areas.level is 'Digits of the code: 2 province, 4 city, 6 county, 9 township, 12 village';
comment on column areas.code_hi is 'First number after the area on the 15-digit scale';
comment on column areas.scope_code is 'Where the row belongs: the area itself';
comment on column areas.name_zh is 'Name in Chinese';
comment on column areas.name_en is 'Name in English, may be empty';
comment on column areas.urban_rural_class is 'Statistical class: 111, 112, 121, 122, 123, 210, 220';
comment on column areas.geom is 'WGS 84 longitude/latitude on the 1e-7 degree grid; null: not known';
comment on column areas.origin is 'Name of the source an import gave; empty: made by hand';
comment on column areas.origin_key is 'Key of the row within its source';
comment on column areas.job_id is 'Job that inserted the row';
comment on column areas.version is 'Counts edits, for If-Match';
create unique index areas_origin on areas (origin, origin_key);
create index areas_geom on areas using gist (geom);

create table cells (
  id bigint generated always as identity primary key,
  code bigint not null check (code between 10000000000001 and 999999999999999),
  valid_from date not null,
  valid_to date,
  scope_code bigint not null generated always as (code) stored,
  name_zh text not null check (length(name_zh) between 1 and 60),
  name_en text not null default '' check (length(name_en) <= 120),
  short_name text not null default '' check (length(short_name) <= 30),
  kind text not null default 'general',
  geom geometry(MultiPolygon, 4326) not null,
  area_m2 double precision not null check (area_m2 > 0),
  retired boolean not null default false,
  replaced_by bigint[] not null default '{}',
  origin text not null default '',
  origin_key text,
  job_id text,
  version integer not null default 1,
  constraint cells_code_is_a_cell check (code % 1000 <> 0),
  constraint cells_validity check (valid_to is null or valid_to > valid_from),
  constraint cells_one_version_a_day exclude using gist (code with =, daterange(valid_from, valid_to) with &&)
);
comment on table cells is 'One row a version of a grid cell; the key of a version is (code, valid_from)';
comment on column cells.id is 'Key of the row in the feed';
comment on column cells.code is '15-digit cell code; a moved border keeps it, split and merge retire it';
comment on column cells.valid_from is 'First civil day of the version';
comment on column cells.valid_to is 'First civil day after the version; null: open';
comment on column cells.scope_code is 'Where the row belongs: the cell itself';
comment on column cells.name_zh is 'Name in Chinese';
comment on column cells.name_en is 'Name in English, may be empty';
comment on column cells.short_name is 'Short name for labels on the map';
comment on column cells.kind is 'general or dedicated (campus, hospital, park)';
comment on column cells.geom is 'WGS 84 longitude/latitude on the 1e-7 degree grid';
comment on column cells.area_m2 is 'Square metres on the ellipsoid';
comment on column cells.retired is 'True on the last version of a code that is never used again';
comment on column cells.replaced_by is 'Codes that took its place';
comment on column cells.origin is 'Name of the source an import gave; empty: made by hand';
comment on column cells.origin_key is 'Key of the row within its source';
comment on column cells.job_id is 'Job that inserted the version';
comment on column cells.version is 'Counts edits, for If-Match';
create unique index cells_origin on cells (origin, origin_key) where valid_to is null;
create index cells_geom on cells using gist (geom);

-- One writer of borders a county: taken before anything is checked, kept to the end of the transaction.
create function app.lock_county() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  code bigint;
begin
  if tg_table_name = 'cells' then
    code := case when tg_op = 'DELETE' then old.code else new.code end;
  else
    code := case when tg_op = 'DELETE' then old.code_lo else new.code_lo end;
  end if;
  perform pg_catalog.pg_advisory_xact_lock(7201, (code / 1000000000)::integer);
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end $$;
comment on function app.lock_county is 'Serialises writers of areas and cells of one county; 7201 is the class of the lock';

create trigger areas_lock before insert or update or delete on areas for each row execute function app.lock_county();
create trigger cells_lock before insert or update or delete on cells for each row execute function app.lock_county();

-- Whether two shapes share more interior than drawing errors explain.
create function app.common_area(a geometry, b geometry, out area_m2 double precision, out width_m double precision, out at geometry)
  language plpgsql immutable set search_path = public, pg_catalog, pg_temp as $$
declare
  common geometry;
  perimeter_m double precision;
begin
  common := ST_CollectionExtract(ST_Intersection(a, b), 3);
  if ST_IsEmpty(common) then
    area_m2 := 0; width_m := 0; return;
  end if;
  area_m2 := ST_Area(common::geography);
  perimeter_m := ST_Perimeter(common::geography);
  width_m := case when perimeter_m > 0 then 2 * area_m2 / perimeter_m else 0 end;
  at := ST_PointOnSurface(common);
end $$;
comment on function app.common_area is 'Area (m2), mean width (m) and a point of the common interior of two polygons';

create function app.outlying_area(inner_shape geometry, outer_shape geometry, out area_m2 double precision, out width_m double precision, out at geometry)
  language plpgsql immutable set search_path = public, pg_catalog, pg_temp as $$
declare
  outlying geometry;
  perimeter_m double precision;
begin
  if ST_CoveredBy(inner_shape, outer_shape) then
    area_m2 := 0; width_m := 0; return;
  end if;
  outlying := ST_CollectionExtract(ST_Difference(inner_shape, outer_shape), 3);
  if ST_IsEmpty(outlying) then
    area_m2 := 0; width_m := 0; return;
  end if;
  area_m2 := ST_Area(outlying::geography);
  perimeter_m := ST_Perimeter(outlying::geography);
  width_m := case when perimeter_m > 0 then 2 * area_m2 / perimeter_m else 0 end;
  at := ST_PointOnSurface(outlying);
end $$;
comment on function app.outlying_area is 'Area (m2), mean width (m) and a point of what of the first shape lies outside the second';

create function app.refuse(rule text, message text, at geometry) returns void
  language plpgsql set search_path = public, pg_catalog, pg_temp as $$
begin
  raise exception using
    errcode = '23P01', constraint = rule, message = message,
    detail = case when at is null then '' else json_build_object('at', json_build_array(round(ST_X(at)::numeric, 7), round(ST_Y(at)::numeric, 7)))::text end;
end $$;
comment on function app.refuse is 'Raises an exclusion violation under the name of a rule';

-- Checked when the transaction commits, so that neighbours whose shared border moves may be written one after the other.
create function app.check_cell() returns trigger
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  now_row cells;
  village areas;
  other record;
  c record;
  min_area double precision := app.setting_number('overlap_min_area_m2', 1);
  min_width double precision := app.setting_number('overlap_min_width_m', 0.05);
begin
  select * into now_row from cells where id = new.id;
  if not found then
    return null;
  end if;
  select * into village from areas a where a.level = 12 and a.code_lo = now_row.code - now_row.code % 1000;
  if not found then
    perform app.refuse('cells_village_missing',
      format('cell %s has no village: area %s is not stored', app.code_text(now_row.code, 15::smallint), app.code_text(now_row.code - now_row.code % 1000, 12::smallint)), null);
  end if;
  if exists (select 1 from cells o where o.code = now_row.code and o.id <> now_row.id and o.retired) then
    perform app.refuse('cells_code_retired',
      format('cell code %s is retired; a retired code is never used again', app.code_text(now_row.code, 15::smallint)), null);
  end if;
  if village.geom is not null then
    c := app.outlying_area(now_row.geom, village.geom);
    if c.area_m2 > min_area and c.width_m > min_width then
      perform app.refuse('cells_outside_village',
        format('cell %s lies outside its village %s by %s m2', app.code_text(now_row.code, 15::smallint), village.name_zh, round(c.area_m2::numeric, 1)), c.at);
    end if;
  end if;
  for other in
    select o.id, o.code, o.geom from cells o
     where o.geom && now_row.geom and o.id <> now_row.id and o.code <> now_row.code
       and o.code / 1000000000 = now_row.code / 1000000000
       and daterange(o.valid_from, o.valid_to) && daterange(now_row.valid_from, now_row.valid_to)
  loop
    c := app.common_area(now_row.geom, other.geom);
    if c.area_m2 > min_area and c.width_m > min_width then
      perform app.refuse('cells_overlap',
        format('cells %s and %s overlap by %s m2', app.code_text(least(now_row.code, other.code), 15::smallint),
               app.code_text(greatest(now_row.code, other.code), 15::smallint), round(c.area_m2::numeric, 1)), c.at);
    end if;
  end loop;
  return null;
end $$;
comment on function app.check_cell is 'No overlap within the county, inside the village, no retired code';

create constraint trigger cells_check after insert or update of code, valid_from, valid_to, geom, retired on cells
  deferrable initially deferred for each row execute function app.check_cell();

create function app.check_area() returns trigger
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  now_row areas;
  parent areas;
  other record;
  c record;
  min_area double precision := app.setting_number('overlap_min_area_m2', 1);
  min_width double precision := app.setting_number('overlap_min_width_m', 0.05);
begin
  select * into now_row from areas where id = new.id;
  if not found or now_row.geom is null then
    return null;
  end if;
  select * into parent from areas a
   where a.code_lo <= now_row.code_lo and now_row.code_lo < a.code_hi and a.level < now_row.level
   order by a.level desc limit 1;
  if found and parent.geom is not null then
    c := app.outlying_area(now_row.geom, parent.geom);
    if c.area_m2 > min_area and c.width_m > min_width then
      perform app.refuse('areas_outside_parent',
        format('area %s %s lies outside %s by %s m2', app.code_text(now_row.code_lo, now_row.level), now_row.name_zh, parent.name_zh, round(c.area_m2::numeric, 1)), c.at);
    end if;
  end if;
  for other in
    select o.code_lo, o.level, o.name_zh, o.geom from areas o
     where o.geom && now_row.geom and o.id <> now_row.id and o.level = now_row.level
       and o.code_lo / 1000000000 = now_row.code_lo / 1000000000
  loop
    c := app.common_area(now_row.geom, other.geom);
    if c.area_m2 > min_area and c.width_m > min_width then
      perform app.refuse('areas_overlap',
        format('areas %s %s and %s %s overlap by %s m2', app.code_text(now_row.code_lo, now_row.level), now_row.name_zh,
               app.code_text(other.code_lo, other.level), other.name_zh, round(c.area_m2::numeric, 1)), c.at);
    end if;
  end loop;
  return null;
end $$;
comment on function app.check_area is 'No overlap of areas of one level within the county, inside the parent where that has a polygon';

create constraint trigger areas_check after insert or update of code_lo, level, geom on areas
  deferrable initially deferred for each row execute function app.check_area();

-- An area is deleted only when nothing lies under it.
create function app.keep_parents() returns trigger
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
begin
  if exists (select 1 from cells c where c.code >= old.code_lo and c.code < old.code_hi)
     or exists (select 1 from areas a where a.code_lo >= old.code_lo and a.code_lo < old.code_hi and a.level > old.level and a.id <> old.id) then
    perform app.refuse('areas_in_use', format('area %s %s still has areas or cells under it', app.code_text(old.code_lo, old.level), old.name_zh), null);
  end if;
  return old;
end $$;
comment on function app.keep_parents is 'Refuses to delete an area that holds others';
create trigger areas_keep_parents before delete on areas for each row execute function app.keep_parents();

create function app.count_version() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  return new;
end $$;
comment on function app.count_version is 'Counts edits of a row';
create trigger areas_version before update on areas for each row execute function app.count_version();
create trigger cells_version before update on cells for each row execute function app.count_version();
