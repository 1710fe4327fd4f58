-- Where people live, by address and never by name, and the public facilities around them.

create sequence household_numbers as bigint;
create sequence facility_numbers as bigint;
grant usage on sequence household_numbers, facility_numbers to maplebridge_app;

create table safe_places (
  id bigint generated always as identity primary key,
  cell_code bigint,
  cell_valid_from date,
  village_lo bigint,
  kind text not null check (kind in ('group', 'cell', 'village')),
  geom geometry(Point, 4326) not null,
  address_count integer not null check (address_count >= 0),
  open boolean not null default true,
  scope_code bigint not null,
  constraint safe_places_of_something check ((kind = 'village') = (cell_code is null))
);
comment on table safe_places is 'One row a point that stands for at least eight addresses; made once, never moved';
comment on column safe_places.id is 'Key of the row';
comment on column safe_places.cell_code is 'Cell it lies in; null for the point of a village';
comment on column safe_places.cell_valid_from is 'With cell_code: the version of the cell it was made for';
comment on column safe_places.village_lo is 'Village it lies in, on the 15-digit scale';
comment on column safe_places.kind is 'group: of addresses; cell, village: a fixed inner point where there are too few';
comment on column safe_places.geom is 'WGS 84 longitude/latitude on the 1e-7 degree grid; never moves';
comment on column safe_places.address_count is 'Addresses that it stands for now';
comment on column safe_places.open is 'False: fell under eight or its cell ended; takes no new incidents';
comment on column safe_places.scope_code is 'Cell, or the village';
create index safe_places_scope on safe_places (scope_code);

create table households (
  id bigint generated always as identity primary key,
  household_id bigint not null default nextval('household_numbers'),
  valid_from date not null,
  valid_to date,
  scope_code bigint not null,
  geom geometry(Point, 4326) not null,
  household_count integer not null default 1 check (household_count between 0 and 20000),
  population_band text not null default 'p1_4',
  dwelling_kind text not null default 'house',
  address text not null default '' check (length(address) <= 120),
  safe_place_id bigint,
  origin text not null default '',
  origin_key text,
  job_id text,
  version integer not null default 1,
  constraint households_validity check (valid_to is null or valid_to > valid_from)
);
comment on table households is 'One row a version of an address with the number of households at it; nothing about who lives there';
comment on column households.id is 'Key of the version, in the feed';
comment on column households.household_id is 'Key that stays over versions, in API and tiles';
comment on column households.valid_from is 'First civil day of the version';
comment on column households.valid_to is 'First civil day after the version; null: open';
comment on column households.scope_code is 'Its cell, else the smallest area that holds it';
comment on column households.geom is 'Address point, WGS 84 longitude/latitude on the 1e-7 degree grid';
comment on column households.household_count is 'Households at the address';
comment on column households.population_band is 'Band of the number of people, never the number';
comment on column households.dwelling_kind is 'apartment, house, mixed, dormitory';
comment on column households.address is 'Door plate or building; never the name of a person';
comment on column households.safe_place_id is 'Group of at least eight addresses it belongs to';
comment on column households.origin is 'Name of the source an import gave; empty: made by hand';
comment on column households.origin_key is 'Key of the row within its source';
comment on column households.job_id is 'Job that inserted the version';
comment on column households.version is 'Counts edits, for If-Match';
create unique index households_key on households (household_id) where valid_to is null;
create unique index households_origin on households (origin, origin_key) where valid_to is null;
create index households_scope on households (scope_code);
create index households_geom on households using gist (geom);
create trigger households_version before update on households for each row execute function app.count_version();

create table facilities (
  id bigint generated always as identity primary key,
  facility_id bigint not null default nextval('facility_numbers'),
  valid_from date not null,
  valid_to date,
  scope_code bigint not null,
  kind text not null references facility_kinds,
  name_zh text not null check (length(name_zh) between 1 and 80),
  name_en text not null default '' check (length(name_en) <= 160),
  operator text not null default '' check (length(operator) <= 120),
  capacity integer check (capacity >= 0),
  hours text not null default '' check (length(hours) <= 120),
  barrier_free boolean,
  phone_public text not null default '' check (length(phone_public) <= 40),
  geom geometry(Point, 4326) not null,
  origin text not null default '',
  origin_key text,
  job_id text,
  version integer not null default 1,
  constraint facilities_validity check (valid_to is null or valid_to > valid_from)
);
comment on table facilities is 'One row a version of a public facility';
comment on column facilities.id is 'Key of the version, in the feed';
comment on column facilities.facility_id is 'Key that stays over versions, in API and tiles';
comment on column facilities.valid_from is 'First civil day of the version';
comment on column facilities.valid_to is 'First civil day after the version; null: open';
comment on column facilities.scope_code is 'Its cell, else the smallest area that holds it';
comment on column facilities.kind is 'Kind of facility';
comment on column facilities.name_zh is 'Name in Chinese';
comment on column facilities.name_en is 'Name in English, may be empty';
comment on column facilities.operator is 'Organisation that runs it';
comment on column facilities.capacity is 'Places, beds or seats; null: not known';
comment on column facilities.hours is 'Opening hours in words';
comment on column facilities.barrier_free is 'Whether it can be entered without steps; null: not known';
comment on column facilities.phone_public is 'Public telephone of the office';
comment on column facilities.geom is 'WGS 84 longitude/latitude on the 1e-7 degree grid';
comment on column facilities.origin is 'Name of the source an import gave; empty: made by hand';
comment on column facilities.origin_key is 'Key of the row within its source';
comment on column facilities.job_id is 'Job that inserted the version';
comment on column facilities.version is 'Counts edits, for If-Match';
create unique index facilities_key on facilities (facility_id) where valid_to is null;
create unique index facilities_origin on facilities (origin, origin_key) where valid_to is null;
create index facilities_scope on facilities (scope_code);
create index facilities_geom on facilities using gist (geom);
create trigger facilities_version before update on facilities for each row execute function app.count_version();

-- Water, roads and greens under the map: public geography, the same for every reader.
create table basemap_features (
  id bigint generated always as identity primary key,
  layer text not null check (layer in ('water', 'roads', 'greens', 'buildings', 'places')),
  kind text not null default '',
  name_zh text not null default '',
  name_en text not null default '',
  min_zoom smallint not null default 0 check (min_zoom between 0 and 22),
  geom geometry(Geometry, 4326) not null,
  origin text not null default '',
  job_id text
);
comment on table basemap_features is 'One row a feature of the offline base map';
comment on column basemap_features.id is 'Key of the row in feed and tiles';
comment on column basemap_features.layer is 'Layer of the base map';
comment on column basemap_features.kind is 'main, street, rail, river, lake, park, …';
comment on column basemap_features.name_zh is 'Name in Chinese';
comment on column basemap_features.name_en is 'Name in English';
comment on column basemap_features.min_zoom is 'Zoom from which it is drawn';
comment on column basemap_features.geom is 'WGS 84 longitude/latitude on the 1e-7 degree grid';
comment on column basemap_features.origin is 'Name of the source';
comment on column basemap_features.job_id is 'Job that inserted the row';
